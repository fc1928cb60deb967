/** Pools of kept connections, one for each origin and way to it. What a connection is trusted with is for the caller. */
import type { Agent } from 'node:http';
import type { SecureContext } from 'node:tls';
import type { HttpProxyAgent } from 'http-proxy-agent';
import type { HttpsProxyAgent } from 'https-proxy-agent';

export interface Agents {
  /** @param proxy the way to it @param trust for the connection to an https proxy */
  get(url: URL, proxy: URL | undefined, trust: SecureContext | undefined): Promise<Agent>;
  /** Ends all connections, in use or not. */
  close(): void;
}

const agentOptions = {
  keepAlive: true,
  /** What a socket holds before it asks its writer to wait, and its reader's peer, too: many sockets are open at once. */
  highWaterMark: 64 * 1024,
  /** Kept connections are closed after this time, in ms; the server usually is quicker. */
  timeout: 60_000,
};

export function createAgents(): Agents {
  const agents = new Map<string, Promise<Agent>>();
  return {
    get(url, proxy, trust) {
      const key = `${url.origin} ${proxy?.href ?? ''}`;
      const agent = agents.get(key) ?? createAgent(url, proxy, trust);
      agents.set(key, agent);
      agent.catch(() => agents.delete(key));
      return agent;
    },
    close() {
      for (const agent of agents.values()) agent.then((one) => one.destroy()).catch(() => undefined);
      agents.clear();
    },
  };
}

async function createAgent(
  { protocol }: URL,
  proxy: URL | undefined,
  trust: SecureContext | undefined,
): Promise<Agent> {
  const isTls = protocol === 'https:';
  if (proxy === undefined) {
    if (!isTls) return new (process.getBuiltinModule('node:http').Agent)(agentOptions);
    return new (process.getBuiltinModule('node:https').Agent)(agentOptions);
  }
  const options = { ...agentOptions, ...(trust === undefined ? {} : { secureContext: trust }) };
  if (isTls) return endable(new (await import('https-proxy-agent')).HttpsProxyAgent(proxy, options));
  return endable(new (await import('http-proxy-agent')).HttpProxyAgent(proxy, options));
}

type ProxyAgent = HttpProxyAgent<string> | HttpsProxyAgent<string>;
type Connect = HttpsProxyAgent<string>['connect'];

/** These agents would wait for a proxy when the request has long ended: `connecting`, an option of the request, ends that. */
function endable(agent: ProxyAgent): ProxyAgent {
  const connect: Connect = Reflect.get(agent as HttpsProxyAgent<string>, 'connect');
  agent.connect = (...[req, options]: Parameters<Connect>) => {
    const { connecting } = options as { readonly connecting?: AbortSignal };
    const connectOpts = { ...agent.connectOpts, ...(connecting === undefined ? {} : { signal: connecting }) };
    const own = Object.create(agent, { connectOpts: { value: connectOpts } }) as HttpsProxyAgent<string>;
    return connect.call(own, req, options);
  };
  return agent;
}
