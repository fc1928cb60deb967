/**
 * The config of an image (image-spec, "Image Configuration"; docker's is the same but for more fields). Parsing is strict
 * about what is there and forgiving about what is not: docker writes `null` for an empty list, and artifacts leave out
 * what makes an image. Nothing is invented for them.
 */
import { OciError } from '../errors.ts';
import { isObject } from './descriptor.ts';
import { type Digest, parseDigest } from './digest.ts';
import { quote } from './quote.ts';
import { parseStrictJson } from './strict-json.ts';

/** The largest config that is read, in bytes. */
export const MAX_CONFIG_BYTES: number = 8 * 1024 * 1024;
const MAX_LAYERS = 10_000;

export interface ImageConfig {
  /** RFC 3339. */
  readonly created?: string;
  readonly author?: string;
  readonly architecture?: string;
  readonly os?: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
  readonly config?: ContainerConfig;
  readonly rootfs?: RootFs;
  readonly history?: readonly HistoryEntry[];
}

/** How a container of the image is run. */
export interface ContainerConfig {
  readonly User?: string;
  /** `80/tcp`; the values are empty objects. */
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  readonly Shell?: readonly string[];
  readonly OnBuild?: readonly string[];
  readonly Healthcheck?: Readonly<Record<string, unknown>>;
}

export interface RootFs {
  readonly type?: string;
  /** The digests of the unpacked layers, the lowest first. */
  readonly diff_ids: readonly Digest[];
}

export interface HistoryEntry {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  /** It made no layer. */
  readonly empty_layer?: boolean;
}

/**
 * Reads an image's config. Fields that this package does not know are kept, `null` is the same as absent.
 * @throws OciError `MANIFEST_INVALID`
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const json = withoutNulls(parseStrictJson(bytes, 'image config'));
  if (!isObject(json)) throw invalid('it is not a JSON object');
  checkFields(json, imageFields, '');
  if (isObject(json.config)) checkFields(json.config, containerFields, 'config.');
  if (isObject(json.rootfs)) return { ...json, rootfs: rootFsOf(json.rootfs) };
  return json;
}

function rootFsOf(rootfs: Record<string, unknown>): RootFs {
  const { diff_ids: ids = [] } = rootfs;
  if (!Array.isArray(ids)) throw invalid('rootfs.diff_ids is not a list');
  if (ids.length > MAX_LAYERS) throw invalid(`rootfs.diff_ids has more than ${MAX_LAYERS} entries`);
  return { ...rootfs, diff_ids: ids.map(diffId) };
}

function diffId(value: unknown, at: number): Digest {
  try {
    return parseDigest(value);
  } catch (cause) {
    throw invalid(`rootfs.diff_ids[${at}] is not a digest: ${quote(value)}`, cause);
  }
}

type Check = readonly [is: (value: unknown) => boolean, what: string];
const text: Check = [(value) => typeof value === 'string', 'a string'];
const flag: Check = [(value) => typeof value === 'boolean', 'true or false'];
const object: Check = [isObject, 'an object'];
const texts: Check = [(value) => Array.isArray(value) && value.every(text[0]), 'a list of strings'];
const objects: Check = [(value) => isObject(value) && Object.values(value).every(isObject), 'a map of objects'];
const labels: Check = [(value) => isObject(value) && Object.values(value).every(text[0]), 'a map of strings'];
const historyFields = { created: text, created_by: text, author: text, comment: text, empty_layer: flag };
const history: Check = [
  (value) =>
    Array.isArray(value) && value.every((entry) => isObject(entry) && findWrong(entry, historyFields) === undefined),
  'a list of steps',
];

const imageFields: Readonly<Record<string, Check>> = {
  created: text,
  author: text,
  architecture: text,
  os: text,
  variant: text,
  'os.version': text,
  'os.features': texts,
  config: object,
  rootfs: object,
  history,
};
const containerFields: Readonly<Record<string, Check>> = {
  User: text,
  ExposedPorts: objects,
  Env: texts,
  Entrypoint: texts,
  Cmd: texts,
  Volumes: objects,
  WorkingDir: text,
  Labels: labels,
  StopSignal: text,
  Shell: texts,
  OnBuild: texts,
  Healthcheck: object,
};

function findWrong(json: Record<string, unknown>, checks: Readonly<Record<string, Check>>): string | undefined {
  return Object.keys(checks).find((name) => json[name] !== undefined && checks[name]?.[0](json[name]) === false);
}

function checkFields(json: Record<string, unknown>, checks: Readonly<Record<string, Check>>, where: string): void {
  const wrong = findWrong(json, checks);
  if (wrong !== undefined) throw invalid(`${where}${wrong} is not ${checks[wrong]?.[1]}`);
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutNulls(member)]));
}

function invalid(problem: string, cause?: unknown): OciError {
  return new OciError('MANIFEST_INVALID', `not a valid image config: ${problem}`, { cause });
}
