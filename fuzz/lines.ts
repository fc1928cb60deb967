/**
 * The corpora of texts: files of lines, an input each. `¬0A` is the byte 0A, `⟪ab×500⟫` is `ab` five hundred times, `¬¬` alone is the
 * empty input, and a line that begins with `# ` is a comment.
 */
import { readFile } from 'node:fs/promises';
import type { Corpus, Kept } from './target.ts';

const folder = new URL('corpus/', import.meta.url);

/** The files `benign.txt` and `hostile.txt` of a target. */
export async function lines(target: string): Promise<Corpus> {
  const [benign, hostile] = await Promise.all(['benign', 'hostile'].map((kind) => read(target, `${kind}.txt`)));
  return { benign: benign ?? [], hostile: hostile ?? [] };
}

async function read(target: string, file: string): Promise<Kept[]> {
  const text = await readFile(new URL(`${target}/${file}`, folder), 'utf8');
  return text.split('\n').flatMap((line, at) => {
    if (line === '' || line.startsWith('# ')) return [];
    return [{ name: `${target}/${file}:${at + 1}`, bytes: bytesOfLine(line) }];
  });
}

/** The input that a line stands for. */
export function bytesOfLine(line: string): Uint8Array {
  if (line === '¬¬') return new Uint8Array(0);
  const whole = line.replace(/⟪([^×]*)×(\d{1,6})⟫/g, (_, text: string, count: string) => text.repeat(Number(count)));
  const parts = whole.split(/¬([0-9A-F]{2})/);
  return Buffer.concat(parts.map((part, at) => (at % 2 === 0 ? Buffer.from(part, 'utf8') : Buffer.from(part, 'hex'))));
}

/** The line that stands for an input, for whoever wants to keep it. */
export function lineOfBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return '¬¬';
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `¬${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}
