/** What is known of the objects under way: a fold of activities, without output and without a clock of its own. */
import type { Activity, Outcome } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { isImageConfigType, isIndexType, isManifestType } from '../../model/media-types.ts';

/** One object on its way. */
export interface Transfer {
  readonly descriptor: Descriptor;
  /** Bytes so far. */
  bytes: number;
  readonly startedMs: number;
  /** Bytes a second, smoothed; 0 until something is known. */
  rate: number;
  /** When the rate was last worked out, and how many bytes there were. */
  sampledMs: number;
  sampledBytes: number;
}

/** An object that has arrived. */
export interface Arrival {
  readonly descriptor: Descriptor;
  readonly outcome: Outcome;
  /** Bytes that were read. */
  readonly bytes: number;
  /** How long it took, in milliseconds; 0 when it did not have to be sent. */
  readonly durationMs: number;
}

export interface Transfers {
  readonly active: readonly Transfer[];
  readonly done: number;
  /** Bytes moved so far, of all objects. */
  readonly bytes: number;
  /** Bytes a second, of all objects. */
  readonly rate: number;
  /** Takes in what happened; answers with what has arrived by it. */
  apply(activity: Activity, nowMs: number): Arrival | undefined;
}

/** How much of the rate the newest half second decides. */
const SMOOTHING = 0.3;
const SAMPLE_MS = 500;

export function createTransfers(): Transfers {
  const active = new Map<string, Transfer>();
  let done = 0;
  let finishedBytes = 0;
  const apply = (activity: Activity, nowMs: number): Arrival | undefined => {
    if (activity.type === 'start') begin(active, activity.descriptor, nowMs);
    else if (activity.type === 'progress') advance(begin(active, activity.descriptor, nowMs), activity.bytes, nowMs);
    else if (activity.type === 'done') {
      const transfer = active.get(activity.descriptor.digest);
      active.delete(activity.descriptor.digest);
      done++;
      if (activity.outcome === 'written') finishedBytes += activity.descriptor.size;
      const { descriptor, outcome } = activity;
      const durationMs = transfer === undefined ? 0 : nowMs - transfer.startedMs;
      return { descriptor, outcome, bytes: transfer?.bytes ?? 0, durationMs };
    }
    return undefined;
  };
  const all = (): Transfer[] => [...active.values()];
  return {
    get active() {
      return all();
    },
    get done() {
      return done;
    },
    get bytes() {
      return all().reduce((sum, { bytes }) => sum + bytes, finishedBytes);
    },
    get rate() {
      return all().reduce((sum, { rate }) => sum + rate, 0);
    },
    apply,
  };
}

function begin(active: Map<string, Transfer>, descriptor: Descriptor, nowMs: number): Transfer {
  const known = active.get(descriptor.digest);
  if (known !== undefined) return known;
  const transfer: Transfer = { descriptor, bytes: 0, startedMs: nowMs, rate: 0, sampledMs: nowMs, sampledBytes: 0 };
  active.set(descriptor.digest, transfer);
  return transfer;
}

/** A resumed or repeated read may step back: the rate never becomes negative. */
function advance(transfer: Transfer, bytes: number, nowMs: number): void {
  // What an earlier run had fetched comes as one leap: it tells nothing of the speed.
  if (transfer.bytes === 0) transfer.sampledBytes = bytes;
  transfer.bytes = bytes;
  const elapsed = nowMs - transfer.sampledMs;
  if (elapsed < SAMPLE_MS) return;
  const fresh = Math.max(0, ((bytes - transfer.sampledBytes) * 1000) / elapsed);
  transfer.rate = transfer.rate === 0 ? fresh : transfer.rate * (1 - SMOOTHING) + fresh * SMOOTHING;
  transfer.sampledMs = nowMs;
  transfer.sampledBytes = bytes;
}

/** How long the rest takes at this rate, in milliseconds; undefined while nobody can know. */
export function timeLeftMs({ descriptor, bytes, rate }: Transfer): number | undefined {
  return rate > 0 ? (Math.max(0, descriptor.size - bytes) * 1000) / rate : undefined;
}

/** What an object is, in a word. */
export function kindOf({ mediaType }: Descriptor): string {
  if (isIndexType(mediaType)) return 'index';
  if (isManifestType(mediaType)) return 'manifest';
  if (isImageConfigType(mediaType) || /\.config\.|\+config|image\.v1\+json$/.test(mediaType)) return 'config';
  return /layer|rootfs/.test(mediaType) ? 'layer' : 'blob';
}
