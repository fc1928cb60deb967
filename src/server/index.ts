/** `lading/server`: a registry with an HTTP face. */
export type { Access, AccessRoute, Action, Allowed, Challenge, Decision, Denied } from './access.ts';
export { openAccess } from './access.ts';
export type { AccessLogEntry } from './access-log.ts';
export type { ServerOptions } from './app.ts';
export { createServer } from './app.ts';
export type { BasicAccessOptions } from './basic-access.ts';
export { basicAccess } from './basic-access.ts';
export type { CorsOptions } from './cors.ts';
export type { ClientCertificate, ConnectionInfo, Handler } from './handler.ts';
export type { ServerLimits } from './limits.ts';
export { defaultLimits } from './limits.ts';
export type { TokenAccessOptions, TokenGrant, VerifiedToken } from './token-access.ts';
export { tokenAccess } from './token-access.ts';
