/**
 * The program: {@code Main} reads the command line and runs a command.
 *
 * <p>Read {@code Main}, then the commands in {@code dev.varve.http.command}, then {@code
 * dev.varve.http.server}, which opens and wires what a server needs, and {@code
 * dev.varve.http.api}, which answers HTTP requests with calls of the model. Runs on the main thread
 * until a command has ended. Opens and closes disks and never touches a byte of one.
 */
@NullMarked
package dev.varve.http;

import org.jspecify.annotations.NullMarked;
