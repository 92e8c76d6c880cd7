package dev.varve.http.command;

/** Options of commands that ask a server. For one thread. */
interface AsksServer {}
