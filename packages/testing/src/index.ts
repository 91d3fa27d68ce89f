export { CERTIFICATE } from './certificate.js';
export { LOGIN, MailServer, type Reply as MailReply, type TakenMail } from './mail-server.js';
export { type Network, startNetwork } from './network.js';
export { perverseRoleSql } from './perverse-settings.js';
export { type AppProcess, startApp, startProgram, writeConfig } from './program.js';
export { type Servers, type Settings, startServers, stopServers } from './servers.js';
export { eventually, type Gate, gate, WAIT } from './waiting.js';
export { type Received, Receiver, SECRET } from './webhook-receiver.js';
export { type ServerUrls, World } from './world.js';
