// What pages share. No framework, no build step; each page adds what it needs in a file of its own.
"use strict";
