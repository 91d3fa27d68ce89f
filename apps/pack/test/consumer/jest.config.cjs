module.exports = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.[jt]s$': [
      'ts-jest',
      { tsconfig: 'tsconfig.jest.json', diagnostics: { exclude: ['**/node_modules/**'] } },
    ],
  },
  // walmq consists of ES modules, which Jest loads only if they are transformed.
  transformIgnorePatterns: ['/node_modules/(?!walmq/)'],
};
