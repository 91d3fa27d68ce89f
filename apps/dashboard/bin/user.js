#!/usr/bin/env node
import '../dist/access/user-line.js';
