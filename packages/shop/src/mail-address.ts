import addressParser from 'nodemailer/lib/addressparser';
import { z } from 'zod';

/** RFC 5321, 4.5.3.1: of the part before the @, and of a path less its angle brackets. */
const MAX_LOCAL_CHARACTERS = 64;
const MAX_ADDRESS_CHARACTERS = 254;

/**
 * One address in ASCII and nothing else: no list, no header, no display name. Quoted local parts and addresses beyond
 * ASCII are refused too: not every server on the way takes them.
 */
export function isMailAddress(text: string): boolean {
  return (
    text.length <= MAX_ADDRESS_CHARACTERS &&
    text.indexOf('@') <= MAX_LOCAL_CHARACTERS &&
    z.email().safeParse(text).success
  );
}

/** One address, with or without a name in front: `Shop <shop@example.com>`. */
export function isSender(text: string): boolean {
  const [sender, ...more] = addressParser(text, { flatten: true });
  return more.length === 0 && sender !== undefined && isMailAddress(sender.address);
}
