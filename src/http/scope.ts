/**
 * Scopes of tokens (distribution, "Token Scope Documentation"): `repository:library/alpine:pull,push`. Which set is
 * enough for which, and how two become one.
 */

interface Scope {
  /** `repository:library/alpine` */
  readonly resource: string;
  readonly actions: readonly string[];
}

function parseScope(text: string): Scope {
  const at = text.lastIndexOf(':');
  if (at <= text.indexOf(':')) return { resource: text, actions: [] };
  return {
    resource: text.slice(0, at),
    actions: text
      .slice(at + 1)
      .split(',')
      .filter(Boolean),
  };
}

function formatScope({ resource, actions }: Scope): string {
  return actions.length === 0 ? resource : `${resource}:${actions.join(',')}`;
}

/** The `scope` parameter of a challenge: scopes with spaces between. */
export function splitScopes(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(/\s+/).filter(Boolean);
}

/** All scopes of both, each resource once, those of `first` first: some servers read only the first scope. */
export function mergeScopes(first: readonly string[], then: readonly string[]): readonly string[] {
  const merged = new Map<string, Set<string>>();
  for (const { resource, actions } of [...first, ...then].map(parseScope)) {
    const known = merged.get(resource) ?? new Set();
    for (const action of actions) known.add(action);
    merged.set(resource, known);
  }
  return [...merged].map(([resource, actions]) => formatScope({ resource, actions: [...actions] }));
}

/** Does a token for `has` allow all that `wants` names? */
export function coversScopes(has: readonly string[], wants: readonly string[]): boolean {
  const granted = new Map(has.map(parseScope).map(({ resource, actions }) => [resource, new Set(actions)]));
  return wants.map(parseScope).every(({ resource, actions }) => {
    const allowed = granted.get(resource);
    return allowed !== undefined && (allowed.has('*') || actions.every((action) => allowed.has(action)));
  });
}

/**
 * What to ask a token for, when the registry demands `challenged` for a request that we thought needs `wanted`.
 * The registry knows better what a repository is called (a mirror's project, a renamed one); but only we know of the
 * second repository of a mount.
 */
export function demandedScopes(wanted: readonly string[], challenged: readonly string[]): readonly string[] {
  const ours = new Set(wanted.map((scope) => parseScope(scope).resource));
  const agrees = challenged.some((scope) => ours.has(parseScope(scope).resource));
  return challenged.length === 0 ? wanted : agrees ? mergeScopes(challenged, wanted) : mergeScopes(challenged, []);
}

/** One string for equal sets, whatever their order. */
export function scopesKey(scopes: readonly string[]): string {
  return mergeScopes(scopes, [])
    .map((scope) => parseScope(scope))
    .map(({ resource, actions }) => formatScope({ resource, actions: [...actions].sort() }))
    .sort()
    .join(' ');
}

/** The name of the first repository that a set names. */
export function repositoryOf(scopes: readonly string[] | undefined): string | undefined {
  const scope = scopes?.map(parseScope).find(({ resource }) => resource.startsWith('repository:'));
  return scope?.resource.slice('repository:'.length);
}
