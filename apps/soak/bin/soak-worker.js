#!/usr/bin/env node
import '../dist/work/main.js';
