import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { Mailbox } from './mailbox.js';

const MAX_MAIL_BYTES = 10 * 1024 * 1024;

/** Starts an SMTP server on 127.0.0.1 without TLS. It accepts any mail, and any name and password if the client sends them. */
export async function startSmtp(options: {
  port: number;
  deliver: Mailbox['deliver'];
}): Promise<{ port: number; stop(): Promise<void> }> {
  const { port, deliver } = options;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    allowInsecureAuth: true,
    size: MAX_MAIL_BYTES,
    onAuth: (auth, _session, callback) => callback(null, { user: auth.username ?? 'anybody' }),
    onData: (stream, session, callback) => {
      receive(stream, session, deliver).then(() => callback(), callback);
    },
  });
  // Ignore errors such as a client that disconnects in the middle of a mail.
  server.on('error', () => {});
  const listener = server.listen(port, '127.0.0.1');
  await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    stop: () => new Promise(resolve => server.close(() => resolve())),
  };
}

async function receive(
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  deliver: Mailbox['deliver'],
): Promise<void> {
  const { mailFrom, rcptTo } = session.envelope;
  const mail = await simpleParser(stream);
  if (stream.sizeExceeded)
    throw Object.assign(new Error(`a mail may have ${MAX_MAIL_BYTES} bytes here`), { responseCode: 552 });
  deliver({
    messageId: mail.messageId ?? '',
    from: mail.from?.text ?? (mailFrom ? mailFrom.address : ''),
    to: rcptTo.map(recipient => recipient.address),
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    html: mail.html || undefined,
    receivedAt: new Date(),
  });
}
