/**
 * References, `registry/repository:tag@digest`, by the grammar of distribution/reference: what docker accepts is
 * accepted, with the same meaning. A reference is never given a tag that nobody wrote; `withDefaultTag` is that step.
 */
import { OciError } from '../errors.ts';
import { type Digest, parseDigest } from './digest.ts';
import { canonicalDomain, DOCKER_HUB, isDomain, looksLikeDomain } from './domain.ts';
import { quote, quoteCharacter, withoutLogin } from './quote.ts';

/** A parsed reference; its parts are valid and canonical. */
export interface Reference {
  /** The registry: `docker.io`, `localhost:5000`. */
  readonly domain: string;
  /** The repository in it: `library/alpine`. */
  readonly path: string;
  readonly tag?: string;
  /** Where there is one, it decides what is meant, and the tag only tells. */
  readonly digest?: Digest;
}

export interface ReferenceOptions {
  /** The registry of names that tell none; Docker Hub unless told. */
  readonly defaultDomain?: string | undefined;
}

const MAX_TEXT = 1024;
const MAX_PATH = 255;
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const pathGrammar = new RegExp(`^${component}(?:/${component})*$`);
const tagGrammar = /^\w[\w.-]{0,127}$/;
const imageIdGrammar = /^[0-9a-f]{64}$/;

/**
 * Reads a reference as docker does: `alpine` is `docker.io/library/alpine`.
 * @example parseReference('ghcr.io/o/app:1') // { domain: 'ghcr.io', path: 'o/app', tag: '1' }
 * @throws OciError `REFERENCE_INVALID`, `DIGEST_INVALID`
 */
export function parseReference(text: string, options: ReferenceOptions = {}): Reference {
  checkText(text);
  const [named, given] = cut(text, '@');
  // Before the rest, so that what stands before an @ is only told when a digest follows it.
  const digest = given === undefined ? undefined : parseDigest(given);
  const { domain, rest } = splitDomain(named, options.defaultDomain ?? DOCKER_HUB);
  const [path, tag] = cut(rest, ':');
  if (!isDomain(domain)) throw invalid(text, `${quote(domain)} is not a registry's host[:port]`);
  const problem = pathProblem(path) ?? (tag === undefined ? undefined : tagProblem(tag));
  if (problem !== undefined) throw invalid(text, problem.problem, problem.hint);
  return {
    domain,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The whole reference; it parses to an equal one. */
export function formatReference({ domain, path, tag, digest }: Reference): string {
  return `${domain}/${path}${suffix(tag, digest)}`;
}

/** The short form that people write, `alpine:3`, where it means the same; else the whole one. */
export function familiarReference(reference: Reference): string {
  const { domain, path, tag, digest } = reference;
  if (domain !== DOCKER_HUB) return formatReference(reference);
  const name = path.replace(/^library\/([^/]+)$/, '$1');
  const short = `${name}${suffix(tag, digest)}`;
  const again = splitDomain(name, DOCKER_HUB);
  // a namespace such as `foo.bar` or `localhost` would be read as a registry
  const same = again.domain === DOCKER_HUB && again.rest === path && !imageIdGrammar.test(short);
  return same ? short : formatReference(reference);
}

/** Adds `latest` where there is neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: 'latest' } : reference;
}

/** What a request for it names: the digest, else the tag, else `latest`. */
export function referenceTarget({ tag, digest }: Reference): string {
  return digest ?? tag ?? 'latest';
}

/**
 * Checks that a reference is of this registry.
 * @returns the reference
 * @throws OciError `REFERENCE_INVALID`
 */
export function checkDomain(reference: Reference, domain: string): Reference {
  const wanted = canonicalDomain(domain);
  if (canonicalDomain(reference.domain).toLowerCase() === wanted.toLowerCase()) return reference;
  const names = `${quote(formatReference(reference))} is in ${quote(reference.domain)}, not in ${quote(wanted)}`;
  throw new OciError('REFERENCE_INVALID', names, { hint: 'ask the registry that it is in' });
}

/**
 * Checks the name of a repository within its registry.
 * @returns the name
 * @throws OciError `REFERENCE_INVALID`
 */
export function checkRepositoryName(name: string): string {
  const problem = pathProblem(name);
  if (problem === undefined) return name;
  throw new OciError('REFERENCE_INVALID', `${quote(name)} is not a repository: ${problem.problem}`, {
    hint: problem.hint,
  });
}

/** Does it follow the grammar of a repository's name? */
export function isRepositoryName(text: string): boolean {
  return text.length <= MAX_PATH && pathGrammar.test(text);
}

/** Does it follow the grammar of a tag? */
export function isTag(text: string): boolean {
  return tagGrammar.test(text);
}

/**
 * Checks a tag.
 * @returns the tag
 * @throws OciError `REFERENCE_INVALID`
 */
export function checkTag(tag: string): string {
  const problem = tagProblem(tag);
  if (problem === undefined) return tag;
  throw new OciError('REFERENCE_INVALID', `${quote(tag)} is not a tag: ${problem.problem}`);
}

function suffix(tag: string | undefined, digest: Digest | undefined): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

function cut(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function splitDomain(name: string, defaultDomain: string): { readonly domain: string; readonly rest: string } {
  const [first, rest] = cut(name, '/');
  const named = rest !== undefined && looksLikeDomain(first);
  return inHub(named ? canonicalDomain(first) : canonicalDomain(defaultDomain), named ? rest : name);
}

/** Docker Hub's official images have a namespace that nobody writes. */
function inHub(domain: string, rest: string): { readonly domain: string; readonly rest: string } {
  return { domain, rest: domain === DOCKER_HUB && !rest.includes('/') && rest !== '' ? `library/${rest}` : rest };
}

/** What is wrong with the text as a whole: it is told before its parts are looked at. */
function checkText(text: string): void {
  if (typeof text !== 'string' || text === '') throw invalid(text, 'it is empty');
  if (text.length > MAX_TEXT) throw invalid(text, `it is longer than ${MAX_TEXT} characters`);
  if (/@[^]*[@/]/.test(text)) {
    throw invalid(text, 'an @ stands only before a digest', 'leave a user name and password out, and log in instead');
  }
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0];
  if (scheme !== undefined) {
    throw invalid(text, `it starts with ${quote(scheme)}`, `leave ${scheme} out; plain http is a setting of the host`);
  }
  const characters = Array.from(text);
  const at = characters.findIndex((character) => !/^[\w./:@[\]-]$/.test(character));
  if (at >= 0) throw invalid(text, ...badCharacter(characters[at] ?? '', at + 1));
  if (imageIdGrammar.test(text)) {
    throw invalid(text, 'it is an image id', 'name the repository: repository@sha256:<the manifest digest>');
  }
}

function badCharacter(character: string, position: number): [problem: string, hint?: string] {
  const where = `character ${position}, ${quoteCharacter(character)},`;
  if (character <= '\x7f') return [`${where} is not allowed in a reference`];
  return [`${where} is not ASCII`, 'it may only look like a letter: type the reference again'];
}

interface Problem {
  readonly problem: string;
  readonly hint?: string;
}

function pathProblem(path: string): Problem | undefined {
  if (path === '' || path === 'library/') return { problem: 'the name of the repository is missing' };
  if (path.length > MAX_PATH) return { problem: `the name of the repository is longer than ${MAX_PATH} characters` };
  if (pathGrammar.test(path)) return undefined;
  if (pathGrammar.test(path.toLowerCase())) {
    const part = path.split('/').find((name) => /[A-Z]/.test(name)) ?? path;
    return {
      problem: 'the name of the repository must be lower case',
      hint: `write ${part.toLowerCase()}, not ${part}`,
    };
  }
  return {
    problem: `the name of the repository, ${quote(path)}, is malformed`,
    hint: 'between slashes stand lower-case letters and digits, joined by one of . _ __ or by hyphens',
  };
}

function tagProblem(tag: string): Problem | undefined {
  if (tagGrammar.test(tag)) return undefined;
  if (tag === '') return { problem: 'the tag after the colon is missing' };
  if (tag.length > 128) return { problem: 'the tag is longer than 128 characters' };
  return { problem: `${quote(tag)}: a tag is letters, digits, _ . and -, and does not begin with . or -` };
}

const USAGE = 'write [registry/]repository[:tag][@digest]';

/** What stands before an @ that begins no digest may be a password: it is not repeated. */
function invalid(text: string, problem: string, hint: string = USAGE): OciError {
  const isLogin = typeof text === 'string' && /@(?!sha\d+:[^@/]*$)/.test(text);
  const shown = isLogin ? withoutLogin(text) : text;
  return new OciError('REFERENCE_INVALID', `${quote(shown)} is not a reference: ${problem}`, { hint });
}
