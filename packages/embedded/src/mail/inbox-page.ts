import Fastify, { type FastifyReply } from 'fastify';
import type { Mailbox } from './mailbox.js';
import { PAGE_SCRIPT, PAGE_STYLE, renderList, renderMail, renderMissing } from './render-mail.js';

/** Content security policies: no external resources, and only the page's own script, because a mail's content is untrusted. */
const PAGE_POLICY =
  "default-src 'none'; img-src data:; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const MAIL_POLICY =
  "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

/** Starts the web page that lists the mails and shows one of them. /api/mails returns the mails as JSON. */
export async function startInboxPage(options: {
  port: number;
  mailbox: Mailbox;
}): Promise<{ url: string; stop(): Promise<void> }> {
  const { port, mailbox } = options;
  // Browsers keep connections open, which must not delay `stop`.
  const http = Fastify({ forceCloseConnections: true });
  const mailOf = (id: string) => mailbox.mails().find(mail => mail.id === Number(id));

  http.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'no-referrer');
  });
  http.get('/', (_request, reply) => page(reply, renderList(mailbox.mails())));
  http.get<{ Params: { id: string } }>('/mails/:id', (request, reply) => {
    const mail = mailOf(request.params.id);
    return mail ? page(reply, renderMail(mail)) : page(reply.code(404), renderMissing());
  });
  http.get<{ Params: { id: string } }>('/mails/:id/html', (request, reply) => {
    const html = mailOf(request.params.id)?.html;
    if (html === undefined) return page(reply.code(404), renderMissing());
    return reply.type('text/html; charset=utf-8').header('content-security-policy', MAIL_POLICY).send(html);
  });
  http.get('/style.css', (_request, reply) => reply.type('text/css').send(PAGE_STYLE));
  http.get('/page.js', (_request, reply) => reply.type('text/javascript').send(PAGE_SCRIPT));
  http.get('/api/mails', () => mailbox.mails());
  http.delete('/api/mails', (_request, reply) => {
    mailbox.clear();
    return reply.code(204).send();
  });

  await http.listen({ port, host: '127.0.0.1' });
  return { url: http.listeningOrigin, stop: () => http.close() };
}

function page(reply: FastifyReply, html: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').header('content-security-policy', PAGE_POLICY).send(html);
}
