import { domainToASCII } from 'node:url';
import addressParser from 'nodemailer/lib/addressparser';
import { z } from 'zod';

/** RFC 5321, 4.5.3.1: limits of the part before the @, and of a path without its angle brackets. */
const MAX_LOCAL_BYTES = 64;
const MAX_ADDRESS_BYTES = 254;

/** Letters, digits and marks beyond ASCII, as RFC 6531 adds them to a local part. */
const BEYOND_ASCII = /[\p{L}\p{M}\p{N}]/gu;

/**
 * The single address in a text, in the form for sending: without surrounding spaces, its domain in ASCII
 * (`exämple.com` is `xn--exmple-cua.com`). Undefined for anything else: a list, a header, a display name, a
 * quoted local part. The rule is the WHATWG's, as in a browser's field
 * (https://html.spec.whatwg.org/#valid-e-mail-address). A local part may also have letters beyond ASCII, for
 * which the server must support SMTPUTF8 (RFC 6531).
 */
export function mailAddress(text: string): string | undefined {
  const trimmed = text.trim();
  const at = trimmed.lastIndexOf('@');
  if (at < 0) return undefined;
  const local = trimmed.slice(0, at).normalize('NFC');
  const domain = domainToASCII(trimmed.slice(at + 1));
  const address = `${local}@${domain}`;
  // Replaces each letter beyond ASCII by one that the rule accepts.
  const isAddress = z.regexes.html5Email.test(`${local.replaceAll(BEYOND_ASCII, 'a')}@${domain}`);
  const isShort =
    Buffer.byteLength(local) <= MAX_LOCAL_BYTES && Buffer.byteLength(address) <= MAX_ADDRESS_BYTES;
  return isAddress && isShort ? address : undefined;
}

/** One address, with or without a name in front: `Shop <shop@example.com>`. */
export function isSender(text: string): boolean {
  const [sender, ...more] = addressParser(text, { flatten: true });
  return more.length === 0 && sender !== undefined && mailAddress(sender.address) !== undefined;
}
