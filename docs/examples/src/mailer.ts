export interface Mail {
  readonly messageId: string;
  readonly to: string;
  readonly text: string;
}

export const mailer = {
  async send({ messageId, ...mail }: Mail): Promise<string> {
    const { ok, status } = await fetch(process.env.MAIL_SERVICE_URL as string, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': messageId },
      body: JSON.stringify(mail),
    });
    if (!ok) throw Object.assign(new Error(`the mail service answered ${status}`), { status });
    return 'accepted';
  },
};
