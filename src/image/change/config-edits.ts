/**
 * The settings of an image, edited in its config. What changes is written anew, everything else stays as it stands; lists
 * and maps of which nothing is left disappear. Which images are edited, and annotations, are settled elsewhere.
 */
import { OciError } from '../../errors.ts';
import { isObject } from '../../model/descriptor.ts';
import type { ContainerConfig, HistoryEntry } from '../../model/image-config.ts';
import type { Platform } from '../../model/platform.ts';
import { quote } from '../../model/quote.ts';
import { type BuildArg, withoutBuildArgs } from './build-args.ts';
import type { ImageToChange } from './change.ts';
import { editEnv } from './env-edits.ts';
import { editMap, type MapEdits } from './map-edits.ts';
import { portEdits } from './port-edits.ts';
import { checkTime } from '../time.ts';

/** What is to become of the settings of an image: what is left out stays, null removes, and so does an empty text or list. */
export interface ConfigEdits {
  /**
   * Variables. A new value takes the place of the first one of the name, and others of it go; new names follow in their order.
   * In images for Windows case makes no difference.
   */
  readonly env?: MapEdits | undefined;
  readonly labels?: MapEdits | undefined;
  /** As docker and crane have it, an image that gets another entry point loses its command, unless that is told, too. */
  readonly entrypoint?: readonly string[] | null | undefined;
  readonly cmd?: readonly string[] | null | undefined;
  readonly user?: string | null | undefined;
  readonly workdir?: string | null | undefined;
  /** `80`, which is `80/tcp`; `53/udp`; `8000-8010`: each of them. True adds, false removes. */
  readonly ports?: Readonly<Record<string, boolean>> | undefined;
  /** Paths. True adds, false removes. */
  readonly volumes?: Readonly<Record<string, boolean>> | undefined;
  readonly stopSignal?: string | null | undefined;
  /** As docker has it, e.g. `{ Test: ['CMD', '/healthy'] }`; its times are nanoseconds. */
  readonly healthcheck?: ContainerConfig['Healthcheck'] | null | undefined;
  readonly author?: string | null | undefined;
  /** RFC 3339. */
  readonly created?: string | null | undefined;
  /** What the image is for: the config says so, and the index that lists it. */
  readonly platform?: Platform | undefined;
  /** Build arguments to take out of the history. */
  readonly removeBuildArgs?: readonly BuildArg[] | undefined;
  /** What is emptied before it is edited: with new values beside it, these replace all that there were. */
  readonly clear?: readonly ('env' | 'labels' | 'ports' | 'volumes')[] | undefined;
  /** Adds a step to the history that tells of the change, in these words. Unless told, the history is as it was. */
  readonly createdBy?: string | undefined;
}

type Document = ImageToChange['configDocument'];

/**
 * The config with the edits made; the same object where they change nothing.
 * @throws OciError `USAGE` for names, ports and times that are none
 */
export function editConfig({ config, configDocument }: ImageToChange, edits: ConfigEdits): Document {
  const { author, platform } = edits;
  const created = edits.created ? checkTime(edits.created) : edits.created;
  const before = isObject(configDocument.config) ? configDocument.config : {};
  const settings = withFields(before, settingsOf(config.config, edits, platform?.os ?? config.os));
  const history = historyWithout(configDocument.history, edits.removeBuildArgs ?? []);
  const next = withFields(configDocument, {
    ...(platform === undefined ? {} : platformFields(platform)),
    author,
    created,
    config: settings === before ? undefined : settings,
    history,
  });
  return next === configDocument ? next : withStep(next, config.created, edits);
}

function settingsOf(current: ContainerConfig = {}, edits: ConfigEdits, os: string | undefined): Document {
  const {
    entrypoint,
    cmd = entrypoint === undefined ? undefined : null,
    user,
    workdir,
    stopSignal,
    healthcheck,
  } = edits;
  const cleared = new Set<string>(edits.clear);
  const { Env, Labels, ExposedPorts, Volumes } = current;
  return {
    Env: editEnv(Env, edits.env, { isCleared: cleared.has('env'), foldsCase: os === 'windows' }),
    Labels: editMap(Labels, edits.labels, cleared.has('labels')),
    ExposedPorts: editMap(ExposedPorts, portEdits(ExposedPorts, edits.ports), cleared.has('ports')),
    Volumes: editMap(Volumes, membership(edits.volumes), cleared.has('volumes')),
    Entrypoint: entrypoint,
    Cmd: cmd,
    User: user,
    WorkingDir: workdir,
    StopSignal: stopSignal,
    Healthcheck: healthcheck,
  };
}

function membership(edits: Readonly<Record<string, boolean>> = {}): MapEdits<object> {
  if ('' in edits) throw new OciError('USAGE', `${quote('')} is not the path of a volume`);
  return Object.fromEntries(Object.entries(edits).map(([path, isMember]) => [path, isMember ? {} : null]));
}

function platformFields(platform: Platform): Document {
  const { os, architecture, variant, 'os.version': version, 'os.features': features } = platform;
  return {
    architecture,
    os,
    variant: variant ?? null,
    'os.version': version ?? null,
    'os.features': features ?? null,
  };
}

function historyWithout(history: unknown, args: readonly BuildArg[]): readonly unknown[] | undefined {
  return Array.isArray(history) && args.length > 0 ? withoutBuildArgs(history as unknown[], args) : undefined;
}

function withStep(document: Document, before: string | undefined, { createdBy, created }: ConfigEdits): Document {
  if (createdBy === undefined) return document;
  const time = created ?? before;
  const step: HistoryEntry = { ...(time ? { created: time } : {}), created_by: createdBy, empty_layer: true };
  const steps = Array.isArray(document.history) ? (document.history as unknown[]) : [];
  return { ...document, history: [...steps, step] };
}

/** The document with fields set or, where they are empty, left out; undefined leaves one as it is. */
function withFields(document: Document, fields: Document): Document {
  const changes = Object.entries(fields).filter(
    ([name, value]) => value !== undefined && !isSame(document[name], value),
  );
  if (changes.length === 0) return document;
  const next = new Map(Object.entries(document));
  for (const [name, value] of changes) {
    if (isEmpty(value)) next.delete(name);
    else next.set(name, value);
  }
  return Object.fromEntries(next);
}

/** What is empty is the same however it is written: docker writes `null`, `[]` and `""`. */
function isSame(a: unknown, b: unknown): boolean {
  return (isEmpty(a) && isEmpty(b)) || JSON.stringify(a) === JSON.stringify(b);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
