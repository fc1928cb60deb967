/** Files taken out of a layer, with all that stands below them; their other names keep the content. Which files, others decide. */
import { OciError } from '../../errors.ts';
import type { TarHeader } from '../../bytes/tar.ts';
import { quote } from '../../model/quote.ts';
import { cleanPath, layerEntry } from '../files/layer-entries.ts';
import type { Plan } from '../layer/relayer.ts';

/** Is a file meant? Its path is relative, with no slash before it. */
export type FileChoice = (path: string) => boolean;

/** What a name stood for that goes. */
type Gone =
  /** An entry, and the first name of it that stays. */
  | { readonly at: number; readonly header: TarHeader; heir?: string }
  /** Another name of what stays. */
  | { readonly linkname: string };

/**
 * Takes files out. Markers that hide files of lower layers stay, so that nothing comes back that was hidden.
 * @throws OciError (while it runs) `UNSUPPORTED` for a hard link to a file that is taken out of another layer
 */
export function stripFiles(isMeant: FileChoice): Plan {
  return async (entries) => {
    const gone = new Map<string, Gone>();
    const changes = new Map<number, TarHeader | undefined>();
    let at = 0;
    for await (const header of entries) lookAt(header, at++, { isMeant, gone, changes });
    if (changes.size === 0) return undefined;
    let next = 0;
    return (header) => {
      const own = next++;
      return changes.has(own) ? changes.get(own) : header;
    };
  };
}

interface Stripping {
  readonly isMeant: FileChoice;
  /** By path, as far as the archive has been read. */
  readonly gone: Map<string, Gone>;
  /** What becomes of entries, by their place in the archive. */
  readonly changes: Map<number, TarHeader | undefined>;
}

function lookAt(header: TarHeader, at: number, { isMeant, gone, changes }: Stripping): void {
  const { kind, path } = layerEntry(header, at);
  const { type, name, linkname = '' } = header;
  if (kind !== 'entry') return;
  const target = type === 'link' ? cleanPath(linkname) : undefined;
  const isDangling = target !== undefined && isBelow(target, isMeant);
  const file = isDangling ? gone.get(target) : undefined;
  if (isDangling && file === undefined) throw unkept(header);
  if (isBelow(path, isMeant)) {
    changes.set(at, undefined);
    if (type === 'link') gone.set(path, file ?? { linkname });
    else if (type !== 'directory') gone.set(path, { at, header });
  } else if (file !== undefined) {
    if ('linkname' in file) return void changes.set(at, { ...header, linkname: file.linkname });
    changes.set(at, file.heir === undefined ? undefined : { ...header, linkname: file.heir });
    if (file.heir === undefined) changes.set(file.at, { ...file.header, name });
    file.heir ??= name;
  }
}

function isBelow(path: string, isMeant: FileChoice): boolean {
  const names = path.split('/');
  return names.some((_, at) => isMeant(names.slice(0, at + 1).join('/')));
}

function unkept({ name, linkname = '' }: TarHeader): OciError {
  const problem = `${quote(name)} is a hard link to ${quote(linkname)}, which stands in another layer`;
  return new OciError('UNSUPPORTED', problem, { hint: 'take both out, or flatten the image first' });
}
