/**
 * The names of registries: `docker.io`, `localhost:5000`, `[::1]:5000`. It decides what is one, and folds Docker Hub's
 * aliases; where requests for it go is settled by the hosts.
 */
import { OciError } from '../errors.ts';
import { quote } from './quote.ts';
import { parseUrl } from './parse-url.ts';

/** Docker Hub's name in references; its API stands elsewhere. */
export const DOCKER_HUB = 'docker.io';

const aliases: ReadonlySet<string> = new Set([DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io']);

/** distribution/reference: host names, IPv4 and bracketed IPv6 addresses without a zone, and a port. */
const label = '[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*';
const grammar = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const MAX_LENGTH = 261; // a DNS name and a port

/** Does it follow the grammar of a registry's name, and can a URL hold it? */
export function isDomain(text: string): boolean {
  return text.length <= MAX_LENGTH && grammar.test(text) && parseUrl(`https://${text}`) !== undefined;
}

/** Would docker read the first part of a name as a registry? Else it is a namespace of Docker Hub. */
export function looksLikeDomain(text: string): boolean {
  return text === 'localhost' || /[.:A-Z]/.test(text);
}

/** One name for a registry that has several: Docker Hub's aliases become `docker.io`, others stay as they are. */
export function canonicalDomain(domain: string): string {
  return aliases.has(domain.toLowerCase()) ? DOCKER_HUB : domain;
}

/**
 * Reads the address of a registry as people and configuration files write it: `ghcr.io`, `https://ghcr.io/`,
 * `https://index.docker.io/v1/`.
 * @returns its canonical name
 * @throws OciError `REFERENCE_INVALID`
 */
export function parseRegistryName(text: string): string {
  if (text.includes('@')) {
    throw new OciError('REFERENCE_INVALID', 'the address of a registry holds no user name', {
      hint: 'leave out what stands before the @, and log in instead',
    });
  }
  const [, scheme, domain = '', path = ''] = /^(?:([^/:]*):\/\/)?([^/]*)([^]*)$/.exec(text) ?? [];
  const problem = addressProblem(scheme, domain, path);
  if (problem === undefined) return canonicalDomain(domain);
  throw new OciError('REFERENCE_INVALID', `${quote(text)} is not the address of a registry: ${problem}`, {
    hint: 'a registry is a host with a dot or a port, or localhost: ghcr.io, localhost:5000',
  });
}

function addressProblem(scheme: string | undefined, domain: string, path: string): string | undefined {
  if (scheme !== undefined && !/^https?$/i.test(scheme)) return 'its scheme is neither http nor https';
  if (domain === '') return 'its host is empty';
  if (!isDomain(domain) || !looksLikeDomain(domain)) return `${quote(domain)} does not look like a host`;
  return /^(?:\/(?:v[12]\/?)?)?$/i.test(path) ? undefined : 'its host is followed by a path';
}
