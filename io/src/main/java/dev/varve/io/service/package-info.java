/**
 * What a program that systemd has started is given by it, and what systemd hears in return.
 *
 * <p>Read {@link dev.varve.io.service.NoticeSocket}, then {@link
 * dev.varve.io.service.InheritedSocket}. Any thread; nothing waits for systemd. Knows sockets and
 * no disks.
 */
@NullMarked
package dev.varve.io.service;

import org.jspecify.annotations.NullMarked;
