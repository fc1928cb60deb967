/** Who may do what at a vendor's registry: everything who has its credential; anybody, where there are tokens, what is public. */
import { encodeBasic } from '../../http/basic.ts';
import { type Access, type Allowed, openAccess } from '../../server/access.ts';
import { basicAccess } from '../../server/basic-access.ts';
import { tokenAccess } from '../../server/token-access.ts';
import type { TokenServer } from './token-server.ts';
import type { TokenForm, UserPassword } from './vendor.ts';

/** What is known of how a vendor's registry wants to be told who asks. */
export interface AccessForm {
  readonly credential: UserPassword;
  /** The realm of Basic. */
  readonly basic: string | undefined;
  readonly tokens: TokenForm | undefined;
  readonly isPublic: (repository: string) => boolean;
}

/** @param tokenOrigin undefined: that of the request itself */
export function accessOf(form: AccessForm, server: TokenServer | undefined, tokenOrigin: string | undefined): Access {
  const { basic, credential } = form;
  if (form.tokens !== undefined && server !== undefined) return byToken(form, form.tokens, server, tokenOrigin);
  if (basic === undefined) return openAccess;
  const check = (username: string, password: string): boolean =>
    username === credential.username && password === credential.password;
  return basicAccess({ check, realm: basic });
}

function byToken(
  form: AccessForm,
  tokens: TokenForm,
  { verify }: TokenServer,
  tokenOrigin: string | undefined,
): Access {
  const allowed: Allowed = { outcome: 'allowed', user: form.credential.username };
  return async (request, route, info) => {
    const shown = request.headers.get('authorization') ?? '';
    if (tokens.alsoBasic && shown === encodeBasic(form.credential)) return allowed;
    const holder = tokens.forUser ? verify(shown.replace(/^bearer /i, '')) : undefined;
    if (holder !== undefined && (holder.user !== undefined || isOpen(route, form))) return allowed;
    const realm = new URL(tokens.path, tokenOrigin ?? request.url).href;
    return tokenAccess({ realm, service: tokens.service, verify })(request, route, info);
  };
}

function isOpen({ action, repository = '' }: Parameters<Access>[1], { isPublic }: AccessForm): boolean {
  return action === 'ping' || (action === 'pull' && isPublic(repository));
}
