/*
 * The scan, compiled: the twin of scan.py and candidates.py, with the same results for any octets.
 * What is looked for, and why, stands there; a test holds the two against each other.
 *
 *   1. The cursor    the one place where octets are read, with a check of every read
 *   2. Candidates    which frames may hold signalling
 *   3. Walks         over the records of pcap and the blocks of pcapng
 *   4. Python        from arguments to the walks, and back
 *
 * Parts 1 to 3 know nothing of Python, allocate nothing, and run without the GIL. They read only
 * through the cursor: another thread that wrote to the buffer meanwhile could spoil a result, but
 * could not lead a read outside. The C is that of 2011, without extensions, and the part of
 * Python's interface that is the same in all versions from 3.11 on.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- 1. The cursor ------------------------------------------------------------------------- */

/* The octets that may be read are octets[0] to octets[end - 1]; `at` is the place looked at, and
 * may be anywhere. */
typedef struct {
    const uint8_t *octets;
    int64_t at;
    int64_t end;
} Cursor;

/* Tell whether that many octets follow. */
static bool has(const Cursor *cursor, int64_t count)
{
    return cursor->end - cursor->at >= count;
}

/* Give up to four octets, from `offset` behind the cursor on: zeros if they are not all there.
 * Whoever must tell zeros from nothing asks `has` first. */
static const uint8_t *peek(const Cursor *cursor, int64_t offset, int64_t count)
{
    static const uint8_t zeros[4] = {0, 0, 0, 0};
    int64_t place = cursor->at + offset;

    return place >= 0 && place <= cursor->end - count ? cursor->octets + place : zeros;
}

/* Give a cursor on `count` octets from `offset` behind this one on; they end where its octets end. */
static Cursor part(const Cursor *cursor, int64_t offset, int64_t count)
{
    Cursor inner = *cursor;

    inner.at += offset;
    if (has(&inner, count))
        inner.end = inner.at + count;
    return inner;
}

static unsigned octet(const Cursor *cursor, int64_t offset)
{
    return *peek(cursor, offset, 1);
}

/* 16 bits in network byte order. */
static unsigned short_word(const Cursor *cursor, int64_t offset)
{
    const uint8_t *octets = peek(cursor, offset, 2);

    return (unsigned)octets[0] << 8 | octets[1];
}

/* 32 bits in the byte order of a capture file. */
static uint32_t word(const Cursor *cursor, int64_t offset, bool big_endian)
{
    const uint8_t *octets = peek(cursor, offset, 4);
    uint32_t a = octets[0], b = octets[1], c = octets[2], d = octets[3];

    return big_endian ? a << 24 | b << 16 | c << 8 | d : d << 24 | c << 16 | b << 8 | a;
}

/* ---- 2. Candidates ------------------------------------------------------------------------- */

typedef enum { REJECT, KEEP, ESP } Verdict;

/* What Ethernet announces (IEEE 802 numbers). */
enum {
    ETHERTYPE_IPV4 = 0x0800,
    BRIDGED_ETHERNET = 0x6558, /* in GRE (RFC 7637) */
    CUSTOMER_VLAN = 0x8100,
    ETHERTYPE_IPV6 = 0x86DD,
    MPLS = 0x8847, /* RFC 3032 section 5 */
    MPLS_UPSTREAM = 0x8848,
    PPPOE_SESSION = 0x8864, /* RFC 2516 section 4 */
    SERVICE_VLAN = 0x88A8,
    OLD_SERVICE_VLAN = 0x9100,
    OLDER_SERVICE_VLAN = 0x9200,
    LEAST_ETHERTYPE = 0x0600 /* what is less is a length */
};

/* What IP announces (IANA, protocol numbers). */
enum {
    HOP_BY_HOP = 0,
    IPV4 = 4,
    UDP = 17,
    IPV6 = 41,
    ROUTING = 43,
    FRAGMENT = 44,
    GRE = 47,
    ENCAPSULATING_SECURITY = 50,
    AUTHENTICATION = 51,
    DESTINATION = 60,
    EARLY_MOBILITY = 62, /* for the Mobility Header before IANA assigned 135 */
    MOBILITY = 135,      /* RFC 6275 section 6.1 */
    HIP = 139,
    SHIM6 = 140
};

enum {
    PMIP_PORT = 5436, /* pmip6-cntl (RFC 5844 section 4) */
    DEPTH = 16        /* headers of one kind followed in a row before the frame is just kept */
};

/* Tell whether a protocol never is signalling and never leads to it. */
static bool harmless(unsigned protocol)
{
    switch (protocol) {
    case HOP_BY_HOP: case IPV4: case UDP: case IPV6: case ROUTING: case FRAGMENT: case GRE:
    case ENCAPSULATING_SECURITY: case AUTHENTICATION: case DESTINATION: case EARLY_MOBILITY:
    case MOBILITY: case HIP: case SHIM6:
        return false;
    default:
        return true;
    }
}

static Verdict follow_ethertype(Cursor frame, unsigned ethertype, int depth);

/* Step over extension headers (RFC 8200 section 4, RFC 4302 section 2.2), and set `next` to what
 * follows them. KEEP if that cannot be told, REJECT while nothing speaks for the frame. */
static Verdict skip_extensions(Cursor *frame, unsigned *next)
{
    for (int count = 0; count < DEPTH; count++) {
        switch (*next) {
        case FRAGMENT:
            /* What a later fragment holds shows only when it is put together. */
            if (!has(frame, 8) || short_word(frame, 2) & 0xFFF8)
                return KEEP;
            *next = octet(frame, 0);
            frame->at += 8;
            break;
        case AUTHENTICATION:
            if (!has(frame, 8))
                return KEEP;
            *next = octet(frame, 0);
            frame->at += (octet(frame, 1) + 2) * 4;
            break;
        case HOP_BY_HOP: case ROUTING: case DESTINATION:
            if (!has(frame, 8))
                return KEEP;
            *next = octet(frame, 0);
            frame->at += (octet(frame, 1) + 1) * 8;
            break;
        default:
            return REJECT;
        }
    }
    return KEEP;
}

/* Follow an IP header, its extension headers, and the tunnels in it. `version` is what the header
 * outside announced; 0 if it left that open. */
static Verdict follow_ip(Cursor frame, unsigned version, int depth)
{
    for (int level = 0; level < depth; level++) {
        unsigned found = octet(&frame, 0) >> 4, next, header, packet;

        if (!has(&frame, 10) || (version && found != version))
            return KEEP;
        if (found == 6) { /* RFC 8200 section 3 */
            next = octet(&frame, 6);
            header = 40;
            packet = header + short_word(&frame, 4);
        } else if (found == 4) { /* RFC 791 section 3.1 */
            next = octet(&frame, 9);
            header = (octet(&frame, 0) & 0x0F) * 4;
            packet = short_word(&frame, 2);
        } else {
            return KEEP;
        }
        if (harmless(next))
            return REJECT;
        if (found == 4 && (header < 20 || short_word(&frame, 6) & 0x1FFF))
            return KEEP;
        /* Only the packet's own octets count: what the link layer padded is no header. */
        frame = part(&frame, 0, packet);
        frame.at += header;

        if (skip_extensions(&frame, &next) == KEEP)
            return KEEP;
        switch (next) {
        case MOBILITY:
            return KEEP;
        case ENCAPSULATING_SECURITY: /* RFC 4303 */
            return ESP;
        case UDP:
            if (!has(&frame, 4))
                return KEEP;
            return short_word(&frame, 0) == PMIP_PORT || short_word(&frame, 2) == PMIP_PORT
                ? KEEP : REJECT;
        case IPV6: /* RFC 2473 */
            version = 6;
            break;
        case IPV4: /* RFC 2003 */
            version = 4;
            break;
        case GRE: { /* RFC 2784 section 2, RFC 2890 section 2 */
            unsigned flags = octet(&frame, 0), inner = short_word(&frame, 2);

            /* Routing (RFC 1701) and other versions are left to the packet layer. */
            if (!has(&frame, 4) || flags & 0x40 || octet(&frame, 1) & 7)
                return KEEP;
            frame.at += 4 + 4 * ((flags >> 7) + (flags >> 5 & 1) + (flags >> 4 & 1));
            return follow_ethertype(frame, inner, depth - level - 1);
        }
        default:
            return harmless(next) ? REJECT : KEEP;
        }
    }
    return KEEP;
}

/* Follow a label stack to its bottom (RFC 3032 section 2.1); what is under it shows by its first
 * octet. */
static Verdict follow_mpls(Cursor frame, int depth)
{
    for (int label = 0; label < DEPTH && has(&frame, 4); label++) {
        unsigned bottom = octet(&frame, 2) & 1;

        frame.at += 4;
        if (bottom)
            return follow_ip(frame, 0, depth);
    }
    return KEEP;
}

/* Follow PPP, with address and control or without, the protocol in full or short (RFC 1661 sections
 * 2 and 6, RFC 1662 section 3.1). */
static Verdict follow_ppp(Cursor frame, int depth)
{
    unsigned protocol;

    if (has(&frame, 2) && short_word(&frame, 0) == 0xFF03)
        frame.at += 2;
    if (!has(&frame, 2))
        return KEEP;
    if (octet(&frame, 0) == 0)
        frame.at += 1;
    protocol = octet(&frame, 0);
    frame.at += 1;
    if (protocol == 0x57)
        return follow_ip(frame, 6, depth);
    if (protocol == 0x21)
        return follow_ip(frame, 4, depth);
    return KEEP;
}

/* Follow a PPPoE session header (RFC 2516 section 4). */
static Verdict follow_pppoe(Cursor frame, int depth)
{
    frame.at += 6;
    return follow_ppp(frame, depth);
}

/* Follow what an EtherType announces. */
static Verdict follow_ethertype(Cursor frame, unsigned ethertype, int depth)
{
    for (int level = 0; level < depth; level++) {
        int64_t tag;

        switch (ethertype) {
        case ETHERTYPE_IPV6:
            return follow_ip(frame, 6, depth - 1);
        case ETHERTYPE_IPV4:
            return follow_ip(frame, 4, depth - 1);
        case MPLS: case MPLS_UPSTREAM:
            return follow_mpls(frame, depth - 1);
        case PPPOE_SESSION:
            return follow_pppoe(frame, depth - 1);
        case CUSTOMER_VLAN: case SERVICE_VLAN: case OLD_SERVICE_VLAN: case OLDER_SERVICE_VLAN:
            tag = 4;
            break;
        case BRIDGED_ETHERNET:
            tag = 14;
            break;
        default:
            if (ethertype >= LEAST_ETHERTYPE)
                return REJECT;
            /* LLC follows: with SNAP there is an EtherType again (RFC 1042). */
            if (!has(&frame, 8) || short_word(&frame, 0) != 0xAAAA)
                return KEEP;
            tag = 8;
        }
        if (!has(&frame, tag))
            return KEEP;
        ethertype = short_word(&frame, tag - 2);
        frame.at += tag;
    }
    return KEEP;
}

/* Follow a link-layer header of that many octets with the EtherType at `offset`. */
static Verdict follow_link(Cursor frame, int64_t header, int64_t offset)
{
    unsigned ethertype = short_word(&frame, offset);

    if (!has(&frame, header))
        return KEEP;
    frame.at += header;
    return follow_ethertype(frame, ethertype, DEPTH);
}

/* Tell what a frame may hold, by its link type (draft-ietf-opsawg-pcaplinktype). */
static Verdict examine(Cursor frame, int32_t link_type)
{
    switch (link_type) {
    case 1: /* Ethernet */
        return follow_link(frame, 14, 12);
    case 113: /* Linux cooked */
        return follow_link(frame, 16, 14);
    case 276: /* Linux cooked, version 2 */
        return follow_link(frame, 20, 0);
    case 12: case 14: case 101: /* IP */
        return follow_ip(frame, 0, DEPTH);
    case 228:
        return follow_ip(frame, 4, DEPTH);
    case 229:
        return follow_ip(frame, 6, DEPTH);
    case 0: case 108: /* loopback: an address family of the capturing system, then IP */
        frame.at += 4;
        return follow_ip(frame, 0, DEPTH);
    case 51: /* PPP over Ethernet, or what is called so and is PPP */
        if (octet(&frame, 0) == 0x11)
            return follow_pppoe(frame, DEPTH);
        return follow_ppp(frame, DEPTH);
    case 9: case 50:
        return follow_ppp(frame, DEPTH);
    default:
        return KEEP;
    }
}

/* ---- 3. Walks ------------------------------------------------------------------------------ */

/* Why a walk stopped. The first three are those of scan.py; the others never reach Python. */
typedef enum { MORE, DAMAGE, OTHER, HITS_FULL, INTERFACE_UNKNOWN } Stop;

#define ESP_LIMIT 4096
#define RECORD_LIMIT ((uint32_t)64 << 20)
#define FRACTION_LIMIT 999999999
#define ENHANCED_PACKET 6

enum { HITS = 512, INTERFACES = 64 };

/* A frame that may hold signalling: its number, and where its record begins. */
typedef struct {
    uint64_t number;
    int64_t place;
} Hit;

/* What one call is told, where it stands, and what it found. */
typedef struct {
    Cursor record;
    bool big_endian;
    bool every;
    uint64_t number;
    uint64_t esp;
    int64_t last;
    int hit_count;
    Hit hits[HITS];
} Walk;

/* Count the record at the cursor, whose frame is `captured` octets at `offset`; note it if the frame
 * may hold signalling; go on to the next record, `length` octets on. */
static void take(Walk *walk, int64_t length, int64_t offset, int64_t captured, int32_t link_type)
{
    Cursor frame = part(&walk->record, offset, captured);
    bool wanted = walk->every;

    walk->number++;
    walk->last = walk->record.at;
    walk->record.at += length;
    if (!wanted) {
        Verdict verdict = examine(frame, link_type);

        if (verdict == ESP)
            walk->esp++;
        wanted = verdict == KEEP || (verdict == ESP && walk->esp <= ESP_LIMIT);
    }
    if (wanted) {
        walk->hits[walk->hit_count].number = walk->number;
        walk->hits[walk->hit_count].place = walk->last;
        walk->hit_count++;
    }
}

/* How the records of one pcap file are laid out (draft-ietf-opsawg-pcap section 5). */
typedef struct {
    int64_t header; /* octets of a record header: 16, or 24 in the modified format */
    uint32_t limit; /* captured octets beyond which a record is not believed */
    uint32_t magic; /* of the file: it opens a second file appended to the first */
    int32_t link_type;
} PcapFormat;

static Stop walk_pcap(Walk *walk, const PcapFormat *format)
{
    const Cursor *record = &walk->record;

    while (has(record, format->header)) {
        uint32_t seconds = word(record, 0, walk->big_endian);
        uint32_t fraction = word(record, 4, walk->big_endian);
        uint32_t captured = word(record, 8, walk->big_endian);
        uint32_t original = word(record, 12, walk->big_endian);

        if (walk->hit_count == HITS)
            return HITS_FULL;
        if (captured > format->limit || original > RECORD_LIMIT || fraction > FRACTION_LIMIT)
            return DAMAGE;
        /* A packet may be empty; but not at the time 0, nor is a file header a record. */
        if (!captured && ((!original && !seconds) || seconds == format->magic))
            return DAMAGE;
        if (!has(record, format->header + captured))
            return MORE;
        take(walk, format->header + captured, format->header, captured, format->link_type);
    }
    return MORE;
}

/* The link types of the interfaces that came up last, each in the slot that its number leads to. */
typedef struct {
    uint32_t number;
    int32_t link_type; /* negative if the interface is not known */
    bool asked;
} Interface;

/* Walk Enhanced Packet Blocks (draft-ietf-opsawg-pcapng section 4.3); 28 octets stand in front of
 * the packet data and 4 behind. */
static Stop walk_pcapng(Walk *walk, const Interface interfaces[INTERFACES])
{
    const Cursor *block = &walk->record;

    while (has(block, 32)) {
        uint32_t length = word(block, 4, walk->big_endian);
        uint32_t number = word(block, 8, walk->big_endian);
        uint32_t captured = word(block, 20, walk->big_endian);
        const Interface *interface = &interfaces[number % INTERFACES];

        if (walk->hit_count == HITS)
            return HITS_FULL;
        if (word(block, 0, walk->big_endian) != ENHANCED_PACKET || length < 32)
            return OTHER;
        if (length % 4 || length > RECORD_LIMIT)
            return DAMAGE;
        if (!has(block, length))
            return MORE;
        if (word(block, (int64_t)length - 4, walk->big_endian) != length)
            return DAMAGE;
        if (!interface->asked || interface->number != number)
            return INTERFACE_UNKNOWN;
        if (interface->link_type < 0 || captured > length - 32)
            return OTHER;
        take(walk, length, 28, captured, interface->link_type);
    }
    /* A block too short for the loop is left to the caller, unless it is merely cut. */
    if (has(block, 12) && (word(block, 0, walk->big_endian) != ENHANCED_PACKET
                           || word(block, 4, walk->big_endian) < 32))
        return OTHER;
    return MORE;
}

/* ---- 4. Python ----------------------------------------------------------------------------- */

/* Put the cursor on buffer[start:end]; false, with an exception set, if that is not inside. */
static bool place_cursor(Cursor *cursor, const Py_buffer *buffer, Py_ssize_t start, Py_ssize_t end)
{
    if (start < 0 || start > end || end > buffer->len) {
        PyErr_SetString(PyExc_ValueError, "not inside the buffer");
        return false;
    }
    cursor->octets = buffer->buf;
    cursor->at = start;
    cursor->end = end;
    return true;
}

/* Set up a walk over buffer[position:end]; false, with an exception set, if that is not inside. */
static bool begin(Walk *walk, const Py_buffer *buffer, Py_ssize_t position, Py_ssize_t end,
                  int big_endian, int every, uint64_t number, uint64_t esp, int64_t last)
{
    walk->big_endian = big_endian;
    walk->every = every;
    walk->number = number;
    walk->esp = esp;
    walk->last = last;
    walk->hit_count = 0;
    return place_cursor(&walk->record, buffer, position, end);
}

/* Append the hits to a list and forget them; false, with an exception set, if that fails. */
static bool give_hits(Walk *walk, PyObject *list)
{
    for (int i = 0; i < walk->hit_count; i++) {
        const Hit *hit = &walk->hits[i];
        PyObject *pair = Py_BuildValue("KL", (unsigned long long)hit->number,
                                       (long long)hit->place);
        bool failed = pair == NULL || PyList_Append(list, pair) < 0;

        Py_XDECREF(pair);
        if (failed)
            return false;
    }
    walk->hit_count = 0;
    return true;
}

/* Ask for the link type of the interface of the block at the cursor: the attribute `link_type` of
 * that item of a list; -1 if the list has none. False, with an exception set, if that fails. */
static bool ask_interface(const Walk *walk, PyObject *list, Interface interfaces[INTERFACES])
{
    uint32_t number = word(&walk->record, 8, walk->big_endian);
    Interface *interface = &interfaces[number % INTERFACES];

    interface->asked = true;
    interface->number = number;
    interface->link_type = -1;
    if (number < (size_t)PyList_Size(list)) {
        PyObject *shape = PySequence_GetItem(list, (Py_ssize_t)number);
        PyObject *link_type = shape ? PyObject_GetAttrString(shape, "link_type") : NULL;

        if (link_type != NULL)
            interface->link_type = (int32_t)PyLong_AsLong(link_type);
        Py_XDECREF(link_type);
        Py_XDECREF(shape);
    }
    return !PyErr_Occurred();
}

/* What a walk gives to Python: NULL if an exception is set. */
static PyObject *result(const Walk *walk, Stop stop)
{
    if (PyErr_Occurred())
        return NULL;
    return Py_BuildValue("LiKKL", (long long)walk->record.at, (int)stop,
                         (unsigned long long)walk->number, (unsigned long long)walk->esp,
                         (long long)walk->last);
}

PyDoc_STRVAR(examine_doc,
"examine(buffer, start, end, link_type, /)\n"
"--\n\n"
"Tell what the frame in buffer[start:end] may hold, like candidates.examine.");

static PyObject *py_examine(PyObject *module, PyObject *args)
{
    Py_buffer buffer;
    Py_ssize_t start, end;
    int link_type;
    Cursor frame;
    PyObject *verdict = NULL;

    (void)module;
    if (!PyArg_ParseTuple(args, "y*nni:examine", &buffer, &start, &end, &link_type))
        return NULL;
    if (place_cursor(&frame, &buffer, start, end))
        verdict = PyLong_FromLong(examine(frame, link_type));
    PyBuffer_Release(&buffer);
    return verdict;
}

PyDoc_STRVAR(scan_pcap_doc,
"scan_pcap(buffer, position, end, big_endian, every, number, esp, last, hits,\n"
"          header, limit, magic, link_type, /)\n"
"--\n\n"
"Walk the pcap records in buffer[position:end] and append the hits to a list.\n\n"
"Give (position, stop, number, esp, last); the terms are those of scan.py.");

static PyObject *py_scan_pcap(PyObject *module, PyObject *args)
{
    Py_buffer buffer;
    Py_ssize_t position, end;
    int big_endian, every, link_type;
    unsigned int header, limit, magic;
    unsigned long long number, esp;
    long long last;
    PyObject *hits, *given = NULL;
    Walk walk;

    (void)module;
    if (!PyArg_ParseTuple(args, "y*nnppKKLO!IIIi:scan_pcap", &buffer, &position, &end,
                          &big_endian, &every, &number, &esp, &last, &PyList_Type, &hits,
                          &header, &limit, &magic, &link_type))
        return NULL;
    if (begin(&walk, &buffer, position, end, big_endian, every, number, esp, last)) {
        PcapFormat format = {header, limit, magic, link_type};
        Stop stop;

        do {
            Py_BEGIN_ALLOW_THREADS
            stop = walk_pcap(&walk, &format);
            Py_END_ALLOW_THREADS
        } while (give_hits(&walk, hits) && stop == HITS_FULL);
        given = result(&walk, stop);
    }
    PyBuffer_Release(&buffer);
    return given;
}

PyDoc_STRVAR(scan_pcapng_doc,
"scan_pcapng(buffer, position, end, big_endian, every, number, esp, last, hits,\n"
"            interfaces, /)\n"
"--\n\n"
"Walk the Enhanced Packet Blocks in buffer[position:end], like scan_pcap.\n\n"
"The items of the list of interfaces have an attribute link_type.");

static PyObject *py_scan_pcapng(PyObject *module, PyObject *args)
{
    Py_buffer buffer;
    Py_ssize_t position, end;
    int big_endian, every;
    unsigned long long number, esp;
    long long last;
    PyObject *hits, *list, *given = NULL;
    Walk walk;

    (void)module;
    if (!PyArg_ParseTuple(args, "y*nnppKKLO!O!:scan_pcapng", &buffer, &position, &end,
                          &big_endian, &every, &number, &esp, &last, &PyList_Type, &hits,
                          &PyList_Type, &list))
        return NULL;
    if (begin(&walk, &buffer, position, end, big_endian, every, number, esp, last)) {
        Interface interfaces[INTERFACES] = {{0, 0, false}};
        bool going;
        Stop stop;

        do {
            Py_BEGIN_ALLOW_THREADS
            stop = walk_pcapng(&walk, interfaces);
            Py_END_ALLOW_THREADS
            going = give_hits(&walk, hits) && (stop == HITS_FULL || stop == INTERFACE_UNKNOWN);
            if (going && stop == INTERFACE_UNKNOWN)
                going = ask_interface(&walk, list, interfaces);
        } while (going);
        given = result(&walk, stop);
    }
    PyBuffer_Release(&buffer);
    return given;
}

static PyMethodDef methods[] = {
    {"examine", py_examine, METH_VARARGS, examine_doc},
    {"scan_pcap", py_scan_pcap, METH_VARARGS, scan_pcap_doc},
    {"scan_pcapng", py_scan_pcapng, METH_VARARGS, scan_pcapng_doc},
    {NULL, NULL, 0, NULL}
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_scan", "The scan, compiled.", 0, methods, NULL, NULL, NULL, NULL
};

PyMODINIT_FUNC PyInit__scan(void)
{
    return PyModuleDef_Init(&definition);
}
