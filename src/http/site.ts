/**
 * Which hosts belong together: those under one registrable domain. The public suffix list is far larger than this
 * package, so this knows its common shapes only; where it is unsure it says no, and the user can name the host.
 */

/** Second labels that countries register under: `co.uk`, `com.au`. */
const secondLabels: ReadonlySet<string> = new Set(
  'ac co com edu firm gen go gob gouv gov govt id ind info ltd me mil ne net nhs nom or org plc sch school web'.split(
    ' ',
  ),
);

/** Domains under which strangers have names next to each other. */
const sharedDomains: readonly string[] = [
  'amazonaws.com amazonaws.com.cn on.aws cloudfront.net elasticbeanstalk.com',
  'azurecr.cn azurecr.io azurecr.us azureedge.net azurewebsites.net azurecontainerapps.io azurestaticapps.net',
  'cloudapp.azure.com cloudapp.net trafficmanager.net windows.net azurefd.net',
  'appspot.com cloudfunctions.net firebaseapp.com googleapis.com googleusercontent.com run.app web.app',
  'github.io githubusercontent.com github.dev gitlab.io codeberg.page bitbucket.io gitpod.io',
  'fly.dev herokuapp.com netlify.app onrender.com ondigitalocean.app railway.app vercel.app deno.dev',
  'digitaloceanspaces.com linodeobjects.com backblazeb2.com wasabisys.com r2.cloudflarestorage.com r2.dev',
  'pages.dev workers.dev jfrog.io ngrok.app ngrok.io ngrok-free.app trycloudflare.com ts.net',
  'duckdns.org dyndns.org no-ip.org ddns.net nip.io sslip.io xip.io',
].flatMap((line) => line.split(' '));

/** Are these two hosts, as URLs name them, under one registrable domain? An address belongs with itself only. */
export function isSameSite(one: string, other: string): boolean {
  const [a, b] = [normal(one), normal(other)];
  if (a === b) return true;
  const site = registrableDomain(a);
  return site !== undefined && site === registrableDomain(b);
}

function normal(hostname: string): string {
  return hostname.toLowerCase().replace(/\.$/, '');
}

/** Undefined where strangers may be neighbours: then a host belongs with itself only. */
function registrableDomain(hostname: string): string | undefined {
  const isAddress = hostname.startsWith('[') || /^[\d.]+$/.test(hostname);
  const isShared = sharedDomains.some((domain) => hostname === domain || hostname.endsWith(`.${domain}`));
  if (isAddress || isShared) return undefined;
  const labels = hostname.split('.');
  const [second = '', top = ''] = labels.slice(-2);
  const suffix = top.length === 2 && secondLabels.has(second) ? 2 : 1;
  return labels.length > suffix ? labels.slice(-suffix - 1).join('.') : undefined;
}
