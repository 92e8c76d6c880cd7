package dev.varve.core.ovf;

import dev.varve.core.xml.XmlElement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One item of virtual hardware. Immutable, if its element is left alone.
 *
 * @param element for messages
 * @param id its InstanceID; controllers are named by it
 * @param resourceType CIM's number of its kind
 * @param subType of its kind, by the word of the descriptor's maker; empty if it is not said
 */
record OvfItem(XmlElement element, String id, int resourceType, String subType) {

  static final int PROCESSOR = 3;
  static final int MEMORY = 4;
  static final int IDE = 5;
  static final int SCSI = 6;
  static final int FLOPPY = 14;
  static final int CD = 15;
  static final int DVD = 16;
  static final int DISK = 17;
  static final int OTHER_STORAGE = 20;
  static final int LOGICAL_DISK = 31;

  /**
   * The items of a machine that is imported without choices.
   *
   * @param configuration the one that holds if none is chosen; null if there are none
   */
  static List<OvfItem> all(XmlElement hardware, @Nullable String configuration)
      throws OvfException {
    Map<String, OvfItem> items = new LinkedHashMap<>();
    for (XmlElement element : OvfFields.all(hardware, "Item", "StorageItem", "EthernetPortItem")) {
      // "min" and "max" are what may be chosen; the item without it is what the machine has.
      String bound = element.attributeOfAnyPrefix("bound");
      if (bound != null && !bound.equals("normal")) continue;
      String only = element.attributeOfAnyPrefix("configuration");
      boolean holds = only == null || Arrays.asList(only.split("\\s+")).contains(configuration);
      if (!holds) continue;
      OvfItem item = of(element);
      OvfItem before = items.put(item.id, item);
      if (before != null && only == null)
        throw OvfException.at(
            element, "InstanceID", item.id, "is that of two items; give one another");
    }
    return new ArrayList<>(items.values());
  }

  private static OvfItem of(XmlElement element) throws OvfException {
    String id = OvfFields.text(element, "InstanceID");
    if (id == null)
      throw OvfException.at(element, "the element InstanceID is missing; add one to the item");
    String type = OvfFields.text(element, "ResourceType");
    if (type == null)
      throw OvfException.at(element, "the element ResourceType is missing; add one to the item");
    long number = OvfFields.number(element, "ResourceType", type);
    String subType = OvfFields.text(element, "ResourceSubType");
    return new OvfItem(
        element, id, (int) Math.min(number, Integer.MAX_VALUE), subType == null ? "" : subType);
  }

  /** How much there is of it, in bytes where it has a unit. */
  long quantity(long usualUnit) throws OvfException {
    String quantity = OvfFields.text(element, "VirtualQuantity");
    if (quantity == null)
      throw OvfException.at(element, "the element VirtualQuantity is missing; say how much it is");
    String unit = OvfFields.text(element, "AllocationUnits");
    if (resourceType == MEMORY && unit != null)
      return OvfFields.bytes(element, "VirtualQuantity", quantity, unit);
    long number = OvfFields.number(element, "VirtualQuantity", quantity);
    try {
      return Math.multiplyExact(number, usualUnit);
    } catch (ArithmeticException e) {
      throw OvfException.at(
          element, "VirtualQuantity", quantity, "is more than any machine has; correct it");
    }
  }

  /** A small number; -1 if it is not said. */
  int place(String field) throws OvfException {
    String text = OvfFields.text(element, field);
    if (text == null) return -1;
    return (int) Math.min(OvfFields.number(element, field, text), Integer.MAX_VALUE);
  }

  /** The InstanceID of the controller that it hangs on; null if it is not said. */
  @Nullable String parent() {
    return OvfFields.text(element, "Parent");
  }

  /** What is in it, as {@code ovf:/disk/ID}; null for an empty drive. */
  @Nullable String hostResource() {
    return OvfFields.text(element, "HostResource");
  }
}
