package dev.varve.core.ovf;

import java.util.LinkedHashMap;
import java.util.Map;

/** The kinds of guests: CIM's numbers, which descriptors have, and VirtualBox's words. */
final class OsTypes {

  /** Where two numbers have one word, the first is written. */
  private static final Map<Integer, String> WORDS = new LinkedHashMap<>();

  static {
    put(0, "Other", 1, "Other", 102, "Other_64");
    put(15, "Windows31", 16, "Windows95", 17, "Windows98", 18, "WindowsNT4", 58, "Windows2000");
    put(63, "WindowsMe", 67, "WindowsXP", 71, "WindowsXP_64", 69, "Windows2003");
    put(70, "Windows2003_64", 73, "WindowsVista", 74, "WindowsVista_64", 76, "Windows2008");
    put(77, "Windows2008_64", 103, "Windows2008_64", 105, "Windows7", 113, "Windows2012_64");
    put(114, "Windows8", 115, "Windows8_64", 116, "Windows2012_64");
    put(36, "Linux", 97, "Linux24", 98, "Linux24_64", 99, "Linux26", 100, "Linux26_64");
    put(101, "Linux_64", 79, "RedHat", 80, "RedHat_64", 82, "OpenSUSE", 83, "OpenSUSE_64");
    put(84, "SUSE_LE", 85, "SUSE_LE_64", 89, "Mandriva", 90, "Mandriva_64");
    put(91, "Turbolinux", 92, "Turbolinux_64", 93, "Ubuntu", 94, "Ubuntu_64");
    put(95, "Debian", 96, "Debian_64", 106, "RedHat", 107, "RedHat_64");
    put(108, "Oracle", 109, "Oracle_64", 29, "Solaris", 81, "Solaris_64");
    put(42, "FreeBSD", 78, "FreeBSD_64", 43, "NetBSD", 65, "OpenBSD");
  }

  private OsTypes() {}

  private static void put(Object... numbersAndWords) {
    for (int i = 0; i < numbersAndWords.length; i += 2)
      WORDS.put((Integer) numbersAndWords[i], (String) numbersAndWords[i + 1]);
  }

  /** VirtualBox's word; {@code Other} for a number that is not known. */
  static String word(int number) {
    return WORDS.getOrDefault(number, "Other");
  }

  /** CIM's number; that of "other" for a word that is not known. */
  static int number(String word) {
    for (Map.Entry<Integer, String> known : WORDS.entrySet())
      if (known.getValue().equals(word)) return known.getKey();
    return word.endsWith("_64") ? 102 : 1;
  }
}
