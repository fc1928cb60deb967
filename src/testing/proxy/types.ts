/** What the fault proxy is made of, as its users see it: faults, the plans that say when they happen, and the log of requests. */
import type { Answer, Exchange, RequestFacts } from './exchange.ts';

/** What can be wrong with the port that the proxy listens on, before any connection. */
export interface ListenerFault {
  readonly at: 'listener';
  /** `closed`: connections are refused. `deaf`: they are never made, as if packets got lost. */
  readonly listener: 'closed' | 'deaf';
}

/** What can be wrong with a connection, before any request. */
export interface ConnectionFault {
  readonly at: 'connection';
  readonly connection: 'reset' | 'end' | 'tls-alert' | 'expired-certificate' | 'other-certificate';
}

/** What can happen to a request in place of what the registry would do. */
export interface RequestFault {
  readonly at: 'request';
  /** Can it happen to this one? Any unless told. */
  readonly fits?: (request: RequestFacts, connection: { readonly reused: boolean }) => boolean;
  /** @returns whether the connection may take another request */
  readonly befall: (exchange: Exchange) => Promise<boolean>;
}

/** What can happen to the registry's answer. */
export interface AnswerFault {
  readonly at: 'answer';
  /** Can it happen to this one? Any unless told. */
  readonly fits?: (answer: Answer) => boolean;
  /** @returns whether the connection may take another request */
  readonly befall: (exchange: Exchange, answer: Answer) => Promise<boolean>;
}

export type UnnamedFault = ListenerFault | ConnectionFault | RequestFault | AnswerFault;

/** One thing that goes wrong. Those of `faults` are named; others are made by `resetAt` and `stallAt`, or by hand. */
export type Fault = { readonly name: string } & UnnamedFault;

export interface FaultPlan {
  readonly fault: Fault;
  /**
   * Which requests it happens to; any unless told. `nth` is how many requests it has been asked about, this one included.
   * A fault of the listener or of a whole connection comes before any request, and asks nobody.
   */
  readonly when?: (request: RequestFacts & { readonly nth: number }) => boolean;
  /** How often it happens; for ever unless told. What is refused is not seen: a fault of the listener lasts until `heal`. */
  readonly times?: number;
}

export interface ProxiedRequest {
  readonly method: string;
  /** The path with its query, as it was asked for. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of its body that went on to the registry. */
  readonly bytesToServer: number;
  /** Bytes of an answer's body that went to the client. */
  readonly bytesToClient: number;
  /** Of the registry's answer; undefined: it was not asked, or did not answer. */
  readonly status?: number;
  /** The name of what happened to it. */
  readonly fault?: string;
}

/** PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** What the proxy shows to clients, all PEM. */
export interface ServerTls extends Certificate {
  /** For `certificate-expired`. */
  readonly expired?: Certificate;
  /** For `certificate-other-host`. */
  readonly other?: Certificate;
}

export interface FaultProxyOptions {
  /** Decides offsets and bits. @default 1 */
  readonly seed?: number;
  /** Speak TLS. */
  readonly tls?: ServerTls;
  readonly plans?: readonly FaultPlan[];
  /** Between two pieces of what comes slowly, in ms. @default 50 */
  readonly pauseMs?: number;
}

export interface FaultProxy {
  /** `127.0.0.1:34567` */
  readonly host: string;
  /** `http://127.0.0.1:34567` */
  readonly origin: string;
  /** All requests that came, in order. */
  readonly requests: readonly ProxiedRequest[];
  /** How many connections were made to it. */
  readonly connections: number;
  /** How many are open. */
  readonly open: number;
  /**
   * Adds plans; the first that fits a request happens to it. Once the registry was asked, because a fault of the answer came first, only
   * such a fault can happen. Where one is of the port or of a connection, kept connections are ended.
   * @throws OciError `USAGE` where a certificate is missing
   */
  plan(...plans: readonly FaultPlan[]): void;
  /** Forgets all plans. What is under way goes on as it was. */
  heal(): void;
  /** Resolves when what was planned or healed is in force: a listener takes a moment to go and to come back. */
  ready(): Promise<void>;
  close(): Promise<void>;
}
