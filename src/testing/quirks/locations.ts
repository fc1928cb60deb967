/** Quirks of where an upload goes on: every shape of `Location` that registries have been seen to give. */
import { answering, changing, combine, endpointOf, withUrl, type Wrap } from '../wrap.ts';

type Shape = (location: URL, request: Request) => string | undefined;

function shaping(shape: Shape): Wrap {
  return changing(isUpload, (response, request) => {
    const location = response.headers.get('location');
    return location === null ? {} : { headers: { location: shape(new URL(location, request.url), request) } };
  });
}

function isUpload(request: Request): boolean {
  const endpoint = endpointOf(request);
  return endpoint === 'uploads' || endpoint === 'upload';
}

/** docker's registry tells whole URLs; behind a TLS proxy they may name another origin, or http (harbor#5001). */
export function absoluteLocation(origin?: string): Wrap {
  return shaping(({ pathname, search }, request) => `${origin ?? new URL(request.url).origin}${pathname}${search}`);
}

/** Relative to the request's own path (swift-container-plugin#44, charliecloud#1501): `../uploads/<id>`. */
export function relativeLocation(): Wrap {
  return shaping(({ pathname, search }) => {
    const id = pathname.slice(pathname.lastIndexOf('/') + 1);
    return pathname.includes('/uploads/') ? `../uploads/${id}${search}` : pathname + search;
  });
}

/** `//host/v2/…`. */
export function schemeRelativeLocation(): Wrap {
  return shaping(({ host, pathname, search }) => `//${host}${pathname}${search}`);
}

/** docker's registry keeps the state of an upload in the URL (distribution#1217): it must come back byte for byte. A fragment is nobody's. */
export function statefulLocation(state: string = 'a=b%2Fc&_state=x%3D%3D', fragment: string = ''): Wrap {
  const shape = shaping(({ pathname }) => `${pathname}?${state}${fragment}`);
  return (handler) => {
    const shaped = shape(handler);
    return async (request, info) => {
      const query = new URL(request.url).search;
      const isLost = endpointOf(request) === 'upload' && !query.startsWith(`?${state}`);
      return isLost ? new Response('the state of the upload is lost', { status: 400 }) : await shaped(request, info);
    };
  };
}

/** GHCR says `/blobs/upload/<id>` (dotnet/sdk-container-builds#292). */
export function singularLocation(): Wrap {
  const shape = shaping(({ pathname, search }) => pathname.replace('/blobs/uploads/', '/blobs/upload/') + search);
  return (handler) => {
    const plural: typeof handler = (request, info) => {
      const url = request.url.replace('/blobs/upload/', '/blobs/uploads/');
      return handler(url === request.url ? request : withUrl(request, url), info);
    };
    return shape(plural);
  };
}

/** Harbor behind some proxies tells none at all (image-syncer#53). */
export function withoutLocation(): Wrap {
  return shaping(() => undefined);
}

/** A status of an upload that says how far it is, and not where it goes on. */
export function statusWithoutLocation(status: number = 204): Wrap {
  return changing(
    (request, response) => request.method === 'GET' && endpointOf(request) === 'upload' && response.ok,
    () => ({ status, headers: { location: undefined } }),
  );
}

/** A proxy that knows paths without a slash at their end only, and sends the others there by 301 (harbor#2473). */
export function slashRedirected(status: number = 301): Wrap {
  const restored: Wrap = (handler) => (request, info) =>
    handler(request.url.endsWith('/blobs/uploads') ? withUrl(request, `${request.url}/`) : request, info);
  const redirected = answering(
    ({ url }) => url.endsWith('/blobs/uploads/'),
    ({ url }) => new Response(null, { status, headers: { location: new URL(url).pathname.slice(0, -1) } }),
  );
  return combine(redirected, restored);
}
