/** A promise that is settled from outside (Node 20 has no `Promise.withResolvers`); one that nobody awaits is no failure. */
export interface Settling<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
  isSettled(): boolean;
}

export function createPromise<T>(): Settling<T> {
  let settled = false;
  let settle: { readonly resolve: (value: T) => void; readonly reject: (error: unknown) => void } | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => undefined);
  return {
    promise,
    resolve(value) {
      settled = true;
      settle?.resolve(value);
    },
    reject(error) {
      settled = true;
      settle?.reject(error);
    },
    isSettled: () => settled,
  };
}
