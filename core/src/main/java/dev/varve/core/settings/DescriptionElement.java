package dev.varve.core.settings;

import dev.varve.core.xml.XmlElement;

/** The element {@code Description}: what people wrote about a thing. */
final class DescriptionElement {
  private DescriptionElement() {}

  /**
   * @param before the children of {@code element} that come after its description
   */
  static void writeDescription(XmlElement element, String description, String... before)
      throws SettingsException {
    XmlElement present = element.child("Description");
    String now = present == null ? "" : present.text();
    if (now.equals(description)) return;
    if (!description.isEmpty()) Values.setText(element.require("Description", before), description);
    else if (present != null) present.detach();
  }
}
