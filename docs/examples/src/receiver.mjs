import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(process.env.CRM_WEBHOOK_SECRET);
createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const event = webhook.verify(body, request.headers); // throws if the signature is invalid
  console.log(request.headers['webhook-id'], event.type, event.data.after);
  response.writeHead(204).end();
}).listen(new URL(process.env.CRM_WEBHOOK_URL).port);
