/** Quirks of lists: pages, cursors, and what stands among the tags. */
import { answering, changing, endpointOf, errorAnswer, requestTo, type Wrap } from '../wrap.ts';

const isList = (request: Request): boolean => ['tags', 'catalog', 'referrers'].includes(endpointOf(request) ?? '');

/** Quay (docker_registry2#56) and ECR Public (drydock#927) have a cursor that only the `Link` tells; one that a client makes up is refused. */
export function opaqueCursor(): Wrap {
  return (handler) => async (request, info) => {
    if (!isList(request)) return await handler(request, info);
    const url = new URL(request.url);
    if (url.searchParams.has('last')) return errorAnswer(405, 'UNSUPPORTED', 'Invalid next token');
    const cursor = url.searchParams.get('next_page');
    if (cursor !== null) url.search = atob(cursor);
    const response = await handler(new Request(url, request), info);
    const [, path, query] = /^<([^?>]+)\?([^>]*)>/.exec(response.headers.get('link') ?? '') ?? [];
    if (query !== undefined) {
      const next = new URLSearchParams({ next_page: btoa(query) }).toString();
      response.headers.set('link', `<${path}?${next}>; rel="next"`);
    }
    return response;
  };
}

/** `Link` as a whole URL, maybe with the prefix of a proxy's path (nexus-public#1011). */
export function absoluteLink(prefix: string = ''): Wrap {
  return changing(isList, (response, request) => {
    const link = response.headers.get('link')?.replace('<', `<${new URL(request.url).origin}${prefix}`);
    return { headers: { link } };
  });
}

/** Nexus tells no `Link` (nexus-public#209). */
export function withoutLink(): Wrap {
  return changing(isList, () => ({ headers: { link: undefined } }));
}

/** A `Link` that leads anywhere: to itself for ever, or to another host (GHSA-298f-872v-2rcx, GHSA-h7vf-4x9w-h99v). */
export function linkTo(next: (request: Request) => string): Wrap {
  return changing(isList, (_, request) => ({ headers: { link: `<${next(request)}>; rel="next"` } }));
}

/** Red Hat's registries ignore `n` (known to containers/image). */
export function ignorePageSize(): Wrap {
  return (handler) => (request, info) => {
    const url = new URL(request.url);
    if (!isList(request)) return handler(request, info);
    url.searchParams.delete('n');
    return handler(new Request(url, request), info);
  };
}

/** ECR refuses an `n` over 1000 (ggcr#1091), Quay one over 100 with 413 (ggcr#1963), distribution's proxy another. */
export function largestPage(limit: number, status: number = 400, code: string = 'PAGINATION_NUMBER_INVALID'): Wrap {
  return answering(
    (request) => isList(request) && Number(new URL(request.url).searchParams.get('n') ?? 0) > limit,
    () => errorAnswer(status, code),
  );
}

/** distribution once gave `null` for no tags (c36fab07f). */
export function tagsNull(): Wrap {
  return changingTags((tags) => (tags.length === 0 ? null : tags));
}

/** A repository without tags is 404 at some registries. */
export function noTagsUnknown(): Wrap {
  return (handler) => async (request, info) => {
    const response = await handler(request, info);
    if (!requestTo('tags')(request) || !response.ok) return response;
    const { tags } = (await response.clone().json()) as { tags: readonly string[] };
    return tags.length === 0 ? errorAnswer(404, 'NAME_UNKNOWN') : response;
  };
}

/** Docker Hub's order is its own (raptor#495); Artifactory lists digests (skopeo#2346), Nexus null (skopeo#2409). */
export function changingTags(change: (tags: readonly string[]) => readonly unknown[] | null): Wrap {
  return changing(
    (request, response) => requestTo('tags', 'GET')(request) && response.ok,
    async (response) => {
      const { name, tags } = (await response.json()) as { name: string; tags: readonly string[] };
      return { body: JSON.stringify({ name, tags: change(tags) }), headers: { 'content-length': undefined } };
    },
  );
}

/** Google's registries say more of the tags than their names: `manifest` and `child`. */
export function moreOfTags(more: Readonly<Record<string, unknown>> = { child: [], manifest: {} }): Wrap {
  return changing(
    (request, response) => requestTo('tags', 'GET')(request) && response.ok,
    async (response) => ({
      body: JSON.stringify({ ...((await response.json()) as object), ...more }),
      headers: { 'content-length': undefined },
    }),
  );
}

/** Docker Hub says 401 for ever (reg#71), GHCR 404 (vscode-docker#1525). */
export function noCatalog(status: number = 404, code: string = 'UNSUPPORTED'): Wrap {
  return answering(requestTo('catalog'), () => errorAnswer(status, code));
}
