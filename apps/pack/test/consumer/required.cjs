const { defineWorker, parseExactJson } = require('walmq');
const { publish } = require('@walmq/outbox');
const { fromKnex } = require('@walmq/outbox/knex');

console.log(typeof defineWorker, typeof publish, typeof fromKnex, parseExactJson('1'));
