/**
 * What the registry of a vendor is made of: behaviours, each with the public source that it is known from. Data alone;
 * `start` serves it. None of it is a claim about what a service does today.
 */
import type { IngestRegistry } from '../../store/types.ts';
import type { Endpoint, Wrap } from '../wrap.ts';

/** A vendor's registry. */
export interface Vendor {
  readonly name: string;
  /** Who may do everything, where anybody is asked. @default { username: 'somebody', password: 'open-sesame' } */
  readonly credential?: UserPassword | undefined;
  readonly behaviours: readonly Behaviour[];
}

export interface UserPassword {
  readonly username: string;
  readonly password: string;
}

/** One thing that such a registry does. */
export type Behaviour = Described & (Quirk | Informed | Basic | Tokens | Elsewhere | Prefix | Nothing);

export interface Described {
  /** In a sentence. */
  readonly behaviour: string;
  /**
   * What it is known from: `owner/repository#17` (an issue or pull request), `owner/repository:path` (a file), a URL;
   * `synthetic`: nothing that can be cited.
   */
  readonly source: string | readonly string[];
}

/** A wrap around the registry, or around the token server. */
interface Quirk {
  readonly wrap: () => Wrap;
  /** @default 'registry' */
  readonly at?: 'registry' | 'tokens' | undefined;
}

/** A wrap that has to know what is served. */
interface Informed {
  readonly wrapFor: (registry: IngestRegistry) => Wrap;
}

/** Asks for a user name and password, with this challenge's realm. */
interface Basic {
  readonly basic: string;
}

/** Asks for a token; where several behaviours say something of it, it is all of that. */
interface Tokens {
  readonly tokens: Partial<TokenForm>;
}

/** What is done at another origin, which refuses whoever says who he is. */
interface Elsewhere {
  readonly elsewhere: ElsewhereForm;
}

/** Stands before `/v2/`. */
interface Prefix {
  readonly pathPrefix: string;
}

/** The embedded registry does it anyway. */
interface Nothing {
  readonly always: true;
}

export interface TokenForm {
  /** At the registry's own origin, or at another. */
  readonly origin: 'own' | 'other';
  readonly path: string;
  /** What the token server knows the registry as. */
  readonly service: string;
  /** What its answer has. */
  readonly answer: readonly TokenField[];
  /** Grants nothing of repositories that are not there but to who pushes. */
  readonly knownOnly: boolean;
  /** A token stands for its user, whatever scope it was asked for. */
  readonly forUser: boolean;
  /** The registry takes Basic as well. */
  readonly alsoBasic: boolean;
}

export type TokenField = 'token' | 'access_token' | 'expires_in' | 'issued_at';

export interface ElsewhereForm {
  /** Readers of these are redirected; uploads are begun at the registry, and go on there. */
  readonly endpoint: Extract<Endpoint, 'blob' | 'manifest' | 'upload'>;
  /** Of the redirect. @default 307 */
  readonly status?: number | undefined;
  /** Which requests are redirected. @default GET alone */
  readonly methods?: readonly string[] | undefined;
  /** The URL is good for GET alone: HEAD is 403. @default false */
  readonly getOnly?: boolean | undefined;
}
