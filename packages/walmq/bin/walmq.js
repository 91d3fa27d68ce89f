#!/usr/bin/env node
import '@walmq/cli/main';
