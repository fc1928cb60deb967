/** What every call takes, and what it tells while it runs. */
import type { Descriptor } from './descriptor.ts';

/** Options of every call. */
export interface Call {
  /** Ends the call: it settles with `ABORTED`, and nothing that it started goes on. */
  readonly signal?: AbortSignal | undefined;
  /** Told of everything that happens; a throw from it ends the call. */
  readonly on?: ((activity: Activity) => void) | undefined;
}

/** How a piece of content got to its target. */
export type Outcome = 'exists' | 'mounted' | 'written' | 'skipped';

/**
 * What happens during a call. Progress bars, `--json` streams and debug logs are folds of these.
 * `start`, `progress` and `done` speak of one piece of content on its way to a target;
 * the others of single requests (URLs in them hold no secrets).
 */
export type Activity =
  | { readonly type: 'start'; readonly descriptor: Descriptor }
  | { readonly type: 'progress'; readonly descriptor: Descriptor /** Bytes so far. */; readonly bytes: number }
  | { readonly type: 'done'; readonly descriptor: Descriptor; readonly outcome: Outcome }
  | { readonly type: 'request'; readonly method: string; readonly url: string; readonly headers: WireHeaders }
  | {
      readonly type: 'response';
      readonly method: string;
      readonly url: string;
      readonly status: number;
      readonly headers: WireHeaders;
      readonly durationMs: number;
    }
  | {
      readonly type: 'retry';
      readonly method: string;
      readonly url: string;
      readonly reason: string;
      readonly attempt: number;
      readonly delayMs: number;
    }
  | { readonly type: 'warning'; readonly host: string; readonly text: string };

/** Header names in lower case, several values joined by `, `; secrets are replaced before anybody sees them. */
export type WireHeaders = Readonly<Record<string, string>>;

/** The answer that something from a registry came with. */
export interface WireResponse {
  readonly status: number;
  readonly headers: WireHeaders;
}

/** Bytes as they come: Node streams, web streams and generators all are one. */
export type Bytes = AsyncIterable<Uint8Array>;
