/** A request on its way, and its answer, whoever carries them: `node:http`, or a connection of our own. */
import type { HttpResponse } from '../../http/types.ts';
import type { Step } from '../wire/route.ts';

export interface Outgoing {
  /** Tells what happens, from now on; it ends with an answer or an error. */
  begin(events: OutgoingEvents): void;
  /** Was it given up? */
  readonly isDestroyed: boolean;
  /** Writes a part of the body. @returns whether it takes more at once */
  write(chunk: Uint8Array): boolean;
  /** Waits until it takes more, or never will. */
  drained(stop: AbortSignal): Promise<void>;
  /** All of it was written. */
  end(): void;
  /** Ends it, with its connection. */
  destroy(): void;
  /** Did it go out on a kept connection, on which nothing has come back? */
  isStale(): boolean;
}

export interface OutgoingEvents {
  readonly onStep: (step: Step) => void;
  readonly onAnswer: (answer: Incoming) => void;
  readonly onError: (error: unknown) => void;
}

/** An answer whose body waits until somebody listens. */
export interface Incoming extends Pick<HttpResponse, 'status' | 'headers' | 'setCookie'> {
  /** Did all of it come? */
  readonly isComplete: boolean;
  readonly isPaused: boolean;
  /** Who is told of each piece of the body, in place of who was told before. */
  onData(listener: (chunk: Uint8Array) => void): void;
  /** Who is told, once, that nothing more comes. */
  onOver(listener: (error: unknown) => void): void;
  pause(): void;
  resume(): void;
  /** Ends it, with its connection. */
  destroy(): void;
}
