/** Layouts in directories that live as long as a test. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryDirectory } from './real/temporary.ts';

/** A directory that is removed after the test. */
export async function scratch(t: TestContext, purpose: string = 'layout'): Promise<string> {
  const { path, remove } = await temporaryDirectory(purpose);
  t.after(remove);
  return path;
}

export interface IndexDocument {
  readonly [field: string]: unknown;
  readonly manifests: {
    readonly mediaType: string;
    readonly digest: string;
    readonly artifactType?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
}

export async function indexOf(directory: string): Promise<IndexDocument> {
  return JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')) as IndexDocument;
}

/** The entries of index.json as `tag digest` or ` digest`. */
export async function rootsOf(directory: string): Promise<string[]> {
  const { manifests } = await indexOf(directory);
  return manifests.map(
    ({ digest, annotations }) => `${annotations?.['org.opencontainers.image.ref.name'] ?? ''} ${digest}`,
  );
}

/** All files below a directory, by their relative paths. */
export async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1)).sort();
}
