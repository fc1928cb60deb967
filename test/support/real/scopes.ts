/** Scopes (`repository:team/app:pull,push`), and who is granted what. */

export interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

/** `type:name` to actions; a name that ends with `*` stands for all that begin so. */
export type Grants = Readonly<Record<string, readonly string[]>>;

/** Reads scopes; the name itself may hold colons (`repository:host:5000/app:pull`). */
export function parseScopes(scopes: readonly string[]): Access[] {
  return scopes.flatMap((scope) => {
    const match = /^([a-z]+):(.+):([a-z,*]*)$/.exec(scope);
    if (match === null) return [];
    const [, type = '', name = '', actions = ''] = match;
    return [{ type, name, actions: actions.split(',').filter((action) => action !== '') }];
  });
}

/** The part of what is wanted that the table grants. */
export function granted(wanted: readonly Access[], grants: Grants): Access[] {
  return wanted.flatMap(({ type, name, actions }) => {
    const allowed = Object.entries(grants).filter(([pattern]) => covers(pattern, `${type}:${name}`));
    const got = actions.filter((action) => allowed.some(([, list]) => list.includes(action)));
    return got.length === 0 ? [] : [{ type, name, actions: got }];
  });
}

function covers(pattern: string, resource: string): boolean {
  return pattern.endsWith('*') ? resource.startsWith(pattern.slice(0, -1)) : resource === pattern;
}
