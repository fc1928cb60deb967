/** Keeps every request to a registry waiting while the registry has asked to be left alone. */
import type { Clock } from './clock.ts';

export interface Turnstile {
  /** Waits until the registry may be asked again. @returns ms waited */
  pass(registry: string, signal?: AbortSignal): Promise<number>;
  /** Nobody passes for that many ms. */
  close(registry: string, ms: number): void;
}

/** Up to this part of a wait is added to it, so that not everybody comes back at once. */
const JITTER = 0.1;

export function createTurnstile(clock: Clock, random: () => number): Turnstile {
  const closedUntil = new Map<string, { readonly at: number; readonly ms: number }>();
  return {
    async pass(registry, signal) {
      const arrived = clock.now();
      for (;;) {
        const closed = closedUntil.get(registry);
        const leftMs = (closed?.at ?? 0) - clock.now();
        if (closed === undefined || leftMs <= 0) break;
        await clock.wait(leftMs + random() * closed.ms * JITTER, signal);
      }
      return clock.now() - arrived;
    },
    close(registry, ms) {
      const at = clock.now() + ms;
      if (at > (closedUntil.get(registry)?.at ?? 0)) closedUntil.set(registry, { at, ms });
    },
  };
}
