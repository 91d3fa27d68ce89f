#!/usr/bin/env node
import '../dist/production-main.js';
