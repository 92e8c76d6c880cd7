/**
 * Disks: image files, host devices and the NBD server. Read {@code vdi.VdiImage}, then {@code
 * nbd.NbdServer}.
 */
@NullMarked
package dev.varve.io;

import org.jspecify.annotations.NullMarked;
