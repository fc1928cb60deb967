/** The payload of cosign's own signatures (cosign, "SIGNATURE_SPEC"; containers/image, "containers-signature"). */
import { quote } from '../../model/quote.ts';
import { dig, digText, readObject, refusal } from './refusal.ts';

export const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';
const TYPE = 'cosign container image signature';

/** What the signer said. */
export interface SimpleSigning {
  /** The digest of what is signed; any string. */
  readonly digest: string;
  /** The name that it was signed under. */
  readonly reference?: string | undefined;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly document: Readonly<Record<string, unknown>>;
}

/** @throws OciError `SIGNATURE_INVALID` */
export function parseSimpleSigning(bytes: Uint8Array): SimpleSigning {
  const document = readObject(bytes, 'its payload');
  const type = digText(document, 'critical', 'type');
  if (type !== TYPE) throw refusal(`its payload is ${type === undefined ? 'of no type' : `a ${quote(type)}`}`);
  const digest = digText(document, 'critical', 'image', 'docker-manifest-digest');
  if (digest === undefined) throw refusal('its payload names no digest');
  const optional = dig(document, 'optional');
  return {
    digest,
    reference: digText(document, 'critical', 'identity', 'docker-reference'),
    annotations: typeof optional === 'object' && optional !== null ? (optional as Record<string, unknown>) : {},
    document,
  };
}
