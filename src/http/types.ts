/** Requests and answers as plain values, and the shape of everything that stands between the two. */
import type { Pour, PourOptions, Transfer } from '../bytes/transfer.ts';
import type { Bytes, Call, WireHeaders } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';

/** A body that can be sent again: it re-opens. */
export interface Body {
  /** Bytes. */
  readonly size: number;
  open(): Bytes;
  /** How the bytes can be sent past this thread, and the digest that they have. A transport may do without. */
  readonly apart?: { readonly digest: Digest; readonly pour: Pour } | undefined;
}

export interface HttpRequest extends Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: WireHeaders;
  readonly body?: Body | undefined;
  /** What a token for this request must allow, e.g. `repository:library/alpine:pull`; the narrowest first. */
  readonly scopes?: readonly string[] | undefined;
  /**
   * Who chose the URL: we, from what the user named (`own`, the default), or a server (an upload's `Location`, a foreign layer's `urls`).
   * A URL that a server chose is judged by `hop` against the registry before it gets here.
   */
  readonly chosenBy?: 'own' | 'server' | undefined;
  /** The registry on whose behalf it is sent: its canonical origin. Credentials belong to it. */
  readonly registry: string;
  /** May the request be sent twice? GET, HEAD, PUT and DELETE may unless told; POST and PATCH may not unless told. */
  readonly idempotent?: boolean | undefined;
  /** `manual` gives the redirect itself, unread. @default 'follow' */
  readonly redirect?: 'follow' | 'manual' | undefined;
  /** Show no proof of who asks: how the registry refuses strangers is the question. */
  readonly anonymous?: boolean | undefined;
  /**
   * The answer is a document of at most so many bytes, and is of no use in part: its body is read before the answer is given, and
   * one that breaks off counts as no answer.
   */
  readonly document?: number | undefined;
  /** Where the body of a 200 or 206 may go past this thread. A transport may do without. */
  readonly transfer?: Transfer | undefined;
  /** Ask the registry itself, no mirror: a mirror's bytes were wrong, or what is sent is for nobody else. */
  readonly direct?: boolean | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case, several values joined by `, ` (but those of `set-cookie`, which cannot be joined). */
  readonly headers: WireHeaders;
  /** The `set-cookie` headers, one by one. Only the retired v1 protocol has sessions: everybody else leaves them. */
  readonly setCookie?: readonly string[] | undefined;
  /** The URL that answered, after redirects. */
  readonly url: string;
  /** Read it or `cancel` it: a connection hangs on it. */
  readonly body: Bytes;
  cancel(): Promise<void>;
  /** In place of the body: it waits to be put into the request's transfer. The first `skip` bytes are dropped. It fails as the body would. */
  readonly pour?: ((options: PourOptions & { readonly skip: number }) => Promise<void>) | undefined;
  /**
   * What a refused request was sent with: a user name and password (`basic`), the user's own `token`, or a token that a
   * token server gave to an `account` or to an `anonymous` user.
   */
  readonly refused?: 'basic' | 'token' | 'account' | 'anonymous' | undefined;
}

export type Send = (request: HttpRequest) => Promise<HttpResponse>;
export type Middleware = (next: Send) => Send;

/** A credential for a registry. An empty `username` with an identity token is an OAuth2 refresh token. */
export type Credential =
  | { readonly username: string; readonly password: string }
  /** A refresh token (docker's `identitytoken`). */
  | { readonly identityToken: string; readonly username?: string }
  /** A bearer token, sent as it is. */
  | { readonly registryToken: string };

/**
 * Finds the credential for a registry (and the repository in it).
 * @param host canonical name of the registry, with its port where it has one, e.g. `docker.io`
 */
export type Credentials = (
  host: string,
  options?: Call & { readonly repository?: string },
) => Promise<Credential | undefined>;
