package dev.varve.http.bundle;

import java.util.Map;

/**
 * What a bundle says of itself. Immutable.
 *
 * @param there what each part holds
 * @param missing why each other part is not there
 */
record BundleReadme(Map<String, String> there, Map<String, String> missing) {

  private static final String SECRETS =
      """
      Left out are: tokens and their hashes, private keys, values that are called a password, secret,
      token or key, passwords in addresses (https://user:password@host), descriptions and properties
      that people have given to machines, snapshots and media, the name of this host, names of users,
      addresses in the network and of network cards, and e-mail addresses. ADDRESS-1 is the same
      address wherever it stands, USER-1 the same user.

      Still in it are: names of machines, disks, snapshots and controllers, paths of files, sizes,
      versions and times. A secret in the name of a file, or in a sentence of the log that does not
      call it one, is not recognised. Read the bundle before you send it.
      """;

  String text() {
    var text =
        new StringBuilder("What 'varve support-bundle' has collected for a report of a bug.\n\n");
    there.forEach((name, about) -> text.append("%-22s %s%n".formatted(name, about)));
    if (!missing.isEmpty()) text.append("\nWhat could not be had:\n\n");
    missing.forEach((name, why) -> text.append("%-22s %s%n".formatted(name, why)));
    return text.append('\n').append(SECRETS).toString();
  }
}
