// Optional, and not installed here: the part of the client that the mailer uses. Its own declarations take precedence where it is
// installed.
declare module '@aws-sdk/client-sesv2' {
  export const SESv2Client: import('./client.js').SesModule['SESv2Client'];
  export const SendEmailCommand: import('./client.js').SesModule['SendEmailCommand'];
}
