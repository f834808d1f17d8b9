-- Proxy Mobile IPv6 in Wireshark: options, messages and status codes that it does not know, and
-- the findings of pmiptrace in packet comments. Made by `pmiptrace export wireshark-lua`.
--
--     wireshark -X lua_script:pmiptrace.lua capture.pcapng
--     tshark -X lua_script:pmiptrace.lua -V -r capture.pcapng
--
-- or put it into the folder of personal Lua plugins (Help, About Wireshark, Folders).
--
-- Filters: pmiptrace.mag_multipath_binding.bid == 2, pmiptrace.finding.rule contains "RFC8278",
-- pmiptrace.finding.severity == "error". In Wireshark, findings have a colour of their own: the
-- first for errors, the second for warnings. To keep them, add the filters to View, Coloring Rules.

local proto = Proto("pmiptrace", "Proxy Mobile IPv6 (pmiptrace)")
local F, declared, codes, lists = {}, {}, {}, {}
local options, messages, statuses

local function declare(name, field)
    F[name] = field
    declared[#declared + 1] = field
end

-- @tables@

declare("severity", ProtoField.string("pmiptrace.finding.severity", "Severity"))
declare("rule", ProtoField.string("pmiptrace.finding.rule", "Rule"))
declare("finding", ProtoField.string("pmiptrace.finding", "Finding"))
declare("status", ProtoField.uint8("pmiptrace.status", "Status", base.DEC, statuses))
proto.fields = declared

local expert = {
    error = ProtoExpert.new("pmiptrace.error", "Violation", expert.group.PROTOCOL, expert.severity.ERROR),
    warning = ProtoExpert.new("pmiptrace.warning", "Violation", expert.group.PROTOCOL, expert.severity.WARN),
    info = ProtoExpert.new("pmiptrace.info", "Violation", expert.group.PROTOCOL, expert.severity.NOTE),
    inconclusive = ProtoExpert.new("pmiptrace.inconclusive", "Perhaps a violation", expert.group.PROTOCOL, expert.severity.NOTE),
    note = ProtoExpert.new("pmiptrace.note", "Remark", expert.group.PROTOCOL, expert.severity.CHAT),
    short = ProtoExpert.new("pmiptrace.short", "Shorter than its definition", expert.group.MALFORMED, expert.severity.WARN),
}
proto.experts = {expert.error, expert.warning, expert.info, expert.inconclusive, expert.note, expert.short}

local function readable(range)
    return not range:string():find("[^\32-\126]")
end

local show_list

-- Adds the fields of an option or message that the octets hold.
local function show(what, range, tree)
    for _, field in ipairs(what.fields) do
        if field[2] + field[3] <= range:len() then
            tree:add(field[1], range(field[2], field[3]))
        end
    end
    if range:len() < what.size then
        tree:add_proto_expert_info(expert.short)
        return
    end
    local tail = what.tail
    if range:len() == what.size or not tail then
        return
    end
    local rest = range(what.size)
    if tail.kind == "list" then
        show_list(lists[tail.list], rest, tree)
    elseif tail.kind == "maybe" then
        if rest:len() >= tail.size then
            tree:add(tail.field, rest(0, tail.size))
        end
    elseif tail.kind == "address" then
        if rest:len() == 4 then
            tree:add(tail.ipv4, rest)
        elseif rest:len() == 16 then
            tree:add(tail.ipv6, rest)
        end
    elseif tail.kind == "numbers" then
        for place = 0, rest:len() - 2, 2 do
            tree:add(tail.field, rest(place, 2))
        end
    elseif tail.kind == "octets" then
        tree:add(tail.field, rest)
    else
        -- An identifier is text if its subtype says that it is a NAI.
        local is_text = tail.kind == "text" or range(0, 1):uint() == 1
        if is_text and readable(rest) then
            tree:add(tail.text, rest)
        else
            tree:add(tail.octets, rest)
        end
    end
end

-- Gives Type and where the next one begins, from a place in a list; nothing where it ends.
local function next_option(range, place)
    if place >= range:len() then
        return nil
    end
    local number = range(place, 1):uint()
    if number == 0 then
        return number, place + 1
    end
    if place + 2 > range:len() then
        return nil
    end
    local behind = place + 2 + range(place + 1, 1):uint()
    if behind > range:len() then
        return nil
    end
    return number, behind
end

show_list = function(list, range, tree)
    local place = 0
    while true do
        local number, behind = next_option(range, place)
        if not number then
            return
        end
        local what = list[number]
        local name = what and what.name or "Unknown"
        local branch = tree:add(proto, range(place, behind - place), name .. " (" .. number .. ")")
        if what and behind > place + 2 then
            show(what, range(place + 2, behind - place - 2), branch)
        end
        place = behind
    end
end

local function summary(number, content)
    if number == 63 and content:len() >= 6 then
        local flags = content(3, 1):uint()
        return string.format(": BID %d, label %d%s%s", content(2, 1):uint(), content(1, 1):uint(),
            flags >= 128 and ", B" or "", flags % 128 >= 64 and ", O" or "")
    elseif number == 64 and content:len() > 2 and content(0, 1):uint() == 1 and readable(content(2)) then
        return ": " .. content(2):string()
    end
    return ""
end

local function show_option(what, number, range, tree)
    local content = range:len() > 2 and range(2) or nil
    local title = what.name .. (content and summary(number, content) or "")
    local branch = tree:add(proto, range, "MIPv6 Option - " .. title)
    branch:append_text(" [" .. what.rfc .. "]")
    if content then
        show(what, content, branch)
    elseif what.size > 0 then
        branch:add_proto_expert_info(expert.short)
    end
end

-- Options: Wireshark hands over each with its Type and Length.
local known = DissectorTable.get("mip6.option")
for number, what in pairs(options) do
    if not known:get_dissector(number) then
        local option = Proto("pmiptrace_option_" .. number, what.name)
        option.dissector = function(buffer, pinfo, tree)
            show_option(what, number, buffer(), tree)
            return buffer:len()
        end
        known:add(number, option)
    end
end

-- The options of a message that Wireshark does not dissect.
local function show_options(range, pinfo, tree)
    local place = 0
    while true do
        local number, behind = next_option(range, place)
        if not number then
            return
        end
        local octets = range(place, behind - place)
        if number == 0 then
            tree:add(proto, octets, "MIPv6 Option - Pad1")
        elseif options[number] then
            show_option(options[number], number, octets, tree)
        elseif known:get_dissector(number) then
            known:try(number, octets:tvb(), pinfo, tree)
        else
            tree:add(proto, octets, "MIPv6 Option - Unknown (" .. number .. ")")
        end
        place = behind
    end
end

local mh_types, undissected = Field.new("mip6.mhtype"), Field.new("mip6.unknown_type_data")
local status, comments = Field.new("mip6.ba.status"), Field.new("frame.comment")

local function form_of(mh_type, data)
    for _, form in ipairs(messages) do
        local length = #form.variant
        if form.mh_type == mh_type and data:bytes():tohex():sub(1, length) == form.variant then
            return form
        end
    end
end

local function show_message(mh_type, data, pinfo, tree)
    local form = form_of(mh_type, data)
    if not form then
        return
    end
    local branch = tree:add(proto, data, form.name .. " (" .. form.short .. ") [" .. form.rfc .. "]")
    show(form, data, branch)
    if form.has_options and data:len() > form.size then
        show_options(data(form.size), pinfo, branch)
    end
    pinfo.cols.info = form.name
end

function proto.dissector(buffer, pinfo, tree)
    local mh_type, data = mh_types(), undissected()
    if mh_type and data then
        show_message(mh_type.value, data.range, pinfo, tree)
    end
    local code = status()
    if code and statuses[code.value] then
        tree:add(F.status, code.range)
        pinfo.cols.info:append(", " .. statuses[code.value])
    end
    for _, comment in ipairs({comments()}) do
        local severity, rule = tostring(comment.value):match("^pmiptrace (%l+) ([%u%d.-]+): ")
        if expert[severity] then
            local branch = tree:add(proto, tostring(comment.value))
            branch:add(F.severity, severity):set_generated()
            branch:add(F.rule, rule):set_generated()
            branch:add(F.finding, tostring(comment.value)):set_generated()
            branch:add_proto_expert_info(expert[severity])
        end
    end
end

register_postdissector(proto)

if gui_enabled() then
    set_color_filter_slot(1, 'frame.comment contains "pmiptrace error"')
    set_color_filter_slot(2, 'frame.comment contains "pmiptrace warning"')
end
