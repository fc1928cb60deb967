/** The JSON of a table of contents in the making, as bytes: it is held until the layer has gone by, as its readers hold it. */
import { OciError } from '../../../errors.ts';
import { concat } from '../../../bytes/read.ts';
import { MAX_TOC_BYTES } from '../toc-document.ts';
import type { TocFields } from './toc-entry.ts';

export interface JsonTable {
  /** @throws OciError `TOO_LARGE` */
  add(entry: TocFields): void;
  /** @param more fields of the document, beside its version and its entries */
  finish(more?: TocFields): Uint8Array;
}

const ENOUGH = 64 * 1024;

export function jsonTable(): JsonTable {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  let text = '{"version":1,"entries":[';
  let isFirst = true;
  let size = 0;
  const keep = (): void => {
    const bytes = encoder.encode(text);
    parts.push(bytes);
    size += bytes.length;
    text = '';
    if (size > MAX_TOC_BYTES) throw tooLarge();
  };
  return {
    add(entry) {
      // Text that stands for bytes that are not UTF-8 becomes escapes here, of which this package's readers make the same bytes again.
      text += `${isFirst ? '' : ','}${JSON.stringify(entry)}`;
      isFirst = false;
      if (text.length >= ENOUGH) keep();
    },
    finish(more = {}) {
      const fields = Object.entries(more).map(([key, value]) => `,${JSON.stringify(key)}:${JSON.stringify(value)}`);
      text += `]${fields.join('')}}`;
      keep();
      return concat(parts, size);
    },
  };
}

function tooLarge(): OciError {
  const problem = `the table of contents of a layer would be larger than ${MAX_TOC_BYTES} bytes of JSON`;
  return new OciError('TOO_LARGE', problem, {
    hint: 'no reader takes such a table: compress layers of so many files with gzip or zstd',
  });
}
