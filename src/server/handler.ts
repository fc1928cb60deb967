/** What a server is to the outside: a function from Request to Response. */

/** What is known of the connection that a request came on. */
export interface ConnectionInfo {
  readonly remoteAddress?: string | undefined;
  /** The certificate that the client has shown, where TLS asked for one. */
  readonly clientCertificate?: ClientCertificate | undefined;
}

export interface ClientCertificate {
  /** Its common name. */
  readonly subject: string;
  /** SHA-256, hex in pairs with colons. */
  readonly fingerprint: string;
}

/** A web-standard server: it needs no socket to be tested, and runs wherever there is `Request`. One made by `createServer` never rejects. */
export type Handler = (request: Request, info?: ConnectionInfo) => Promise<Response>;
