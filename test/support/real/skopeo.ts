/** skopeo, as a judge and as the one who fills the first registry. */
import type { Account } from './basic-tls.ts';
import { run } from './run.ts';

/** How skopeo reaches a registry: by its host alone, for it knows no path prefix. */
export interface SkopeoRegistry {
  /** `127.0.0.1:34567`. */
  readonly host: string;
  readonly account?: Account | undefined;
  /** A directory with the authority to trust; without it the registry speaks plain http. */
  readonly certificates?: string | undefined;
}

/** One end of a copy: an image in a registry, or any other name that skopeo knows (`oci:DIR:TAG`). */
export type SkopeoEnd = string | { readonly registry: SkopeoRegistry; readonly reference: string };

export interface SkopeoCopyOptions {
  /** Converts; without it the bytes must stay what they are. */
  readonly format?: 'oci' | 'v2s2';
}

/** The exact bytes of a manifest. */
export function skopeoInspectRaw(registry: SkopeoRegistry, reference: string): Promise<Uint8Array> {
  const name = endName({ registry, reference });
  return run('skopeo', ['--insecure-policy', 'inspect', '--raw', ...access(registry, ''), name]);
}

/** Copies an image or a whole index. */
export async function skopeoCopy(from: SkopeoEnd, to: SkopeoEnd, { format }: SkopeoCopyOptions = {}): Promise<void> {
  const how = format === undefined ? ['--preserve-digests'] : ['--format', format];
  const ends = [...endAccess(from, 'src-'), ...endAccess(to, 'dest-'), endName(from), endName(to)];
  await run('skopeo', ['--insecure-policy', 'copy', '--quiet', '--all', ...how, ...ends]);
}

function endName(end: SkopeoEnd): string {
  if (typeof end === 'string') return end;
  const { registry, reference } = end;
  return `docker://${registry.host}/${reference}`;
}

function endAccess(end: SkopeoEnd, prefix: 'src-' | 'dest-'): string[] {
  return typeof end === 'string' ? [] : access(end.registry, prefix);
}

function access({ account, certificates }: SkopeoRegistry, prefix: string): string[] {
  const trust = certificates === undefined ? `--${prefix}tls-verify=false` : `--${prefix}cert-dir=${certificates}`;
  const who =
    account === undefined
      ? [`--${prefix}no-creds`]
      : [`--${prefix}username=${account.username}`, `--${prefix}password=${account.password}`];
  return [trust, ...who];
}
