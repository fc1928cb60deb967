/**
 * What this process asks of the disk below a folder, each call told before it is made: then it may go on, fail with a code of the system,
 * write half, or be the last one. Those are the calls of `node:fs/promises` and of its file handles, and `lstatSync`: a layout is read and
 * written with no others.
 */
import fsNow from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

export interface DiskCall {
  /** `open`, `rename`; `handle.write` for that of an open file. */
  readonly name: string;
  readonly path: string;
  /** Would it change anything? */
  readonly isWrite: boolean;
}

/** What becomes of a call; `half` and `die half` write half of the bytes first, where there are any. */
export type Verdict = 'go on' | 'half' | 'die' | { readonly code: string };
export type Judge = (call: DiskCall) => Verdict;

type Method = (...args: unknown[]) => Promise<unknown>;
type Methods = Record<string, Method | undefined>;

const reading = ['stat', 'lstat', 'readFile', 'readdir', 'opendir', 'readlink', 'realpath', 'statfs'];
const writing = ['rename', 'mkdir', 'link', 'symlink', 'unlink', 'rm', 'rmdir', 'writeFile', 'chmod', 'truncate'];
// The touch of a lock is left out: a timer makes it.
const readingHandle = ['read', 'stat', 'readFile', 'close'];
const writingHandle = ['write', 'writev', 'writeFile', 'truncate', 'sync', 'chmod', 'chown'];

/** Judges every call below the folder from now on. @returns what ends that */
export async function judgeDisk(below: string, judge: Judge): Promise<() => void> {
  const paths = new WeakMap<object, string>();
  const undo: (() => void)[] = [];
  const patch = (methods: Methods, names: readonly string[], wrap: (name: string, own: Method) => Method): void => {
    for (const name of names) {
      const own = methods[name];
      if (own === undefined) continue;
      methods[name] = wrap(name, own);
      undo.push(() => void (methods[name] = own));
    }
  };
  const prototype = await handlePrototype();
  const write = prototype.write as Method;
  const isBelow = (path: unknown): path is string => typeof path === 'string' && path.startsWith(below);
  const functions = fs as unknown as Methods;
  const byPath =
    (isWrite: boolean) =>
    (name: string, own: Method): Method =>
    (...args) => {
      const path = args.find(isBelow);
      return path === undefined ? own(...args) : obey(judge({ name, path, isWrite }), () => own(...args));
    };
  const open = (name: string, own: Method): Method => {
    return async (...args) => {
      const [path, flags = 'r'] = args;
      if (!isBelow(path)) return own(...args);
      const handle = await obey(judge({ name, path, isWrite: makes(flags) }), () => own(...args));
      paths.set(handle as FileHandle, path);
      return handle;
    };
  };
  const byHandle =
    (isWrite: boolean) =>
    (name: string, own: Method): Method =>
      function call(this: object, ...args) {
        const path = paths.get(this);
        const run = (): Promise<unknown> => own.apply(this, args);
        if (path === undefined) return run();
        const half = (): Promise<unknown> => writeHalf(write, this, name, args);
        const isPiecemeal = name === 'write' || name === 'writev';
        return obey(judge({ name: `handle.${name}`, path, isWrite }), run, isPiecemeal ? half : run);
      };
  patch(fsNow as unknown as Methods, ['lstatSync'], (_, own) => (...args) => {
    const path = args.find(isBelow);
    if (path !== undefined) obeyNow(judge({ name: 'lstat', path, isWrite: false }));
    return own(...args);
  });
  patch(functions, reading, byPath(false));
  patch(functions, writing, byPath(true));
  patch(functions, ['open'], open);
  patch(prototype, readingHandle, byHandle(false));
  patch(prototype, writingHandle, byHandle(true));
  syncBuiltinESMExports();
  return () => {
    for (const back of undo) back();
    syncBuiltinESMExports();
  };
}

async function handlePrototype(): Promise<Methods> {
  const handle = await fs.open(process.execPath);
  await handle.close();
  return Object.getPrototypeOf(handle) as Methods;
}

function makes(flags: unknown): boolean {
  if (typeof flags === 'string') return flags !== 'r';
  return (
    typeof flags === 'number' && (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR | fs.constants.O_CREAT)) !== 0
  );
}

async function obey(
  verdict: Verdict,
  run: () => Promise<unknown>,
  half: () => Promise<unknown> = run,
): Promise<unknown> {
  if (verdict === 'go on') return run();
  if (verdict === 'half') return half();
  if (verdict !== 'die') throw Object.assign(new Error(`${verdict.code}: on purpose`), { code: verdict.code });
  if (half !== run) await half();
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}

/** Of a call that nothing is awaited of. */
function obeyNow(verdict: Verdict): void {
  if (typeof verdict === 'object') throw Object.assign(new Error(`${verdict.code}: on purpose`), verdict);
  if (verdict === 'die') process.kill(process.pid, 'SIGKILL');
}

/** The first half of what was to be written, as a disk takes it that is all but full. */
async function writeHalf(write: Method, handle: object, name: string, args: readonly unknown[]): Promise<unknown> {
  if (name === 'writev') {
    const bytes = Buffer.concat(args[0] as Uint8Array[]);
    const { bytesWritten } = (await write.call(handle, bytes, 0, bytes.length >> 1, args[1])) as {
      bytesWritten: number;
    };
    return { bytesWritten, buffers: args[0] };
  }
  const [bytes, offset, length, position] = args as [Uint8Array, number, number, number];
  return write.call(handle, bytes, offset, Math.ceil(length / 2), position);
}
