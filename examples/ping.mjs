// Is there a registry, and does it let us in? node examples/ping.mjs localhost:5000
import { isOciError } from 'lading';
import { createClient } from 'lading/node';

const [registry = 'docker.io'] = process.argv.slice(2);
const client = createClient();
try {
  const { origin, apiVersion = 'it does not tell', authRequired } = await client.ping(registry);
  console.log(`${registry} is a registry at ${origin}`);
  console.log(`version: ${apiVersion}`);
  console.log(`wants a login: ${authRequired ? 'yes' : 'no'}`);
} catch (error) {
  if (!isOciError(error)) throw error;
  // UNREACHABLE, TIMEOUT, TLS, NOT_A_REGISTRY, UNAUTHORIZED or DENIED
  console.log(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await client.close();
}
