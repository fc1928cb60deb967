/** A v1 client over a transport that answers as a test says: for what no server on this machine can be. */
import { createV1Client, type V1Client, type V1ClientOptions } from '../../src/v1/client.ts';
import { type Answer, type Script, script, type SentRequest } from './scripted-transport.ts';
import { testClock } from './test-clock.ts';

export interface V1Script {
  readonly client: V1Client;
  readonly wire: Script;
}

/** @param answers by URL, without its query; what is not there is a 404 in JSON */
export function v1Script(
  answers: Readonly<Record<string, Answer | ((request: SentRequest) => Answer)>>,
  options: V1ClientOptions = {},
): V1Script {
  const wire = script((request) => {
    const answer = answers[request.url.split('?', 1)[0] ?? ''];
    if (typeof answer === 'function') return answer(request);
    return answer ?? { status: 404, headers: { 'content-type': 'application/json' }, body: '{"error":"nothing"}' };
  });
  const client = createV1Client({ transport: wire.send, clock: testClock(), retry: { attempts: 1 }, ...options });
  return { client, wire };
}

/** What an index answers with about a repository. */
export function indexed(
  endpoints: string | undefined,
  token = 'signature=CANARY,repository="a/b",access=read',
): Answer {
  return {
    headers: {
      'content-type': 'application/json',
      'x-docker-token': token,
      ...(endpoints === undefined ? {} : { 'x-docker-endpoints': endpoints }),
    },
    body: '[]',
  };
}
