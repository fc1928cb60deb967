/** From flags, environment and settings to what a client is made of: hosts, credentials, transport. A flag wins over the file. */
import path from 'node:path';
import { systemClock } from '../../http/clock.ts';
import type { Hosts, HostSettings } from '../../http/host.ts';
import { createHosts } from '../../http/hosts.ts';
import type { SendOptions } from '../../http/pipeline.ts';
import { certificateDirectories, readTlsFiles, type TlsSettings } from '../../node/http/tls.ts';
import { nodeTransport } from '../../node/http/transport.ts';
import { credentialsFor, type CredentialChoice } from './credentials.ts';
import type { Flags } from '../options/shared.ts';
import type { Output } from '../terminal/output.ts';
import { type HostChoice, mergeChoices, parseHostFlag, type TlsChoice } from './host-settings.ts';
import { keptTokens } from './kept-tokens.ts';
import { resolver } from './resolve-flag.ts';
import type { Settings } from './settings-file.ts';
import { VERSION } from '../version.ts';

export interface ConnectionOptions extends CredentialChoice {
  readonly settings: Settings;
  /** Told what is wrong with tokens that are kept. */
  readonly output: Pick<Output, 'warn'>;
}

/** What a client is made of; the client closes the transport. */
export type Connection = SendOptions & { readonly foreignLayers: boolean };

/**
 * Reads files and stdin as the flags say; sends nothing.
 * @throws OciError `USAGE`, `CONFIG_INVALID`
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { context, flags, settings } = options;
  const choices = hostChoices(settings, flags, options.named);
  const credentials = await credentialsFor(options);
  const inCwd = (file: string | undefined): string | undefined => file && path.resolve(context.cwd, file);
  const hosts = createHosts(hostsOf(choices));
  const transport = nodeTransport({
    tls: await tlsOf(choices, hosts, inCwd),
    ca: (await readTlsFiles({ caFile: inCwd(flags.caFile) })).ca,
    caFile: inCwd(context.env.SSL_CERT_FILE),
    certificateDirectories: certificateDirectories(context.env),
    resolve: resolver(flags.resolve ?? []),
    timeouts: settings.timeouts,
  });
  const { concurrency, retry, foreignLayers = false } = flags;
  return {
    transport,
    hosts,
    credentials,
    tokens:
      settings.keepTokens === true ? await keptTokens(context, (problem) => options.output.warn(problem)) : undefined,
    userAgent: `lading/${VERSION}`,
    retry: retry === undefined ? {} : { attempts: retry + 1 },
    concurrencyPerHost: concurrency,
    foreignLayers,
    clock: { ...systemClock, now: () => context.now() },
  };
}

/** By host: the file, then the flags that name a host. A client certificate in a flag is for the registries that the user named. */
function hostChoices(settings: Settings, flags: Flags, named: ReadonlySet<string>): ReadonlyMap<string, HostChoice> {
  const choices = new Map(settings.hosts);
  const add = (name: string, choice: HostChoice): void => {
    const before = choices.get(name);
    choices.set(name, before === undefined ? choice : mergeChoices([before, choice]));
  };
  for (const flag of flags.host ?? []) {
    const { name, choice } = parseHostFlag(flag);
    add(name, choice);
  }
  for (const name of flags.plainHttp ?? []) add(name, { host: { plainHttp: true }, tls: {} });
  for (const name of flags.insecure ?? []) add(name, { host: {}, tls: { unverified: true } });
  const { certFile, keyFile } = flags;
  if (certFile === undefined && keyFile === undefined) return choices;
  for (const name of named) add(name, { host: {}, tls: { certFile, keyFile } });
  return choices;
}

function hostsOf(choices: ReadonlyMap<string, HostChoice>): Readonly<Record<string, HostSettings>> {
  return Object.fromEntries([...choices].map(([name, { host }]) => [name, host]));
}

/** By the host of its URL: a registry may really stand elsewhere. */
async function tlsOf(
  choices: ReadonlyMap<string, HostChoice>,
  hosts: Hosts,
  inCwd: (file: string | undefined) => string | undefined,
): Promise<Readonly<Record<string, TlsSettings>>> {
  const told: [string, TlsSettings][] = [];
  for (const [name, { tls }] of choices) {
    if (Object.values(tls).some((value) => value !== undefined))
      told.push([new URL(hosts(name).origin).host, await readTls(tls, inCwd)]);
  }
  return Object.fromEntries(told);
}

function readTls(tls: TlsChoice, inCwd: (file: string | undefined) => string | undefined): Promise<TlsSettings> {
  const { caFile, certFile, keyFile, unverified } = tls;
  return readTlsFiles({
    caFile: inCwd(caFile),
    certFile: inCwd(certFile),
    keyFile: inCwd(keyFile),
    insecure: unverified,
  });
}
